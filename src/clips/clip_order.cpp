#include "minet/clips/clip_order.hpp"

#include <cmath>
#include <utility>

#include "minet/core/errors.hpp"
#include "minet/core/random.hpp"
#include "minet/core/text.hpp"

namespace minet::clips {

ClipOrder::ClipOrder(std::vector<std::vector<float>> energies, std::int64_t clip_frames,
                     double silence_db, std::uint64_t seed)
    : clip_frames_(clip_frames), silent_mean_square_(std::pow(10.0, silence_db / 10)), seed_(seed) {
  for (std::size_t track = 0; track < energies.size(); ++track) {
    std::vector<double> sums{0};
    for (const float energy : energies[track]) sums.push_back(sums.back() + energy);
    energy_sums_.push_back(std::move(sums));
    const auto frames = static_cast<std::int64_t>(energies[track].size());
    items_.insert(items_.end(), static_cast<std::size_t>(frames / clip_frames),
                  static_cast<std::int64_t>(track));
  }
  if (items_.empty()) {
    throw InputError(text("corpus: expected tracks of at least one clip (", clip_frames,
                          " frames), but the training split has none; prepare longer recordings"));
  }
}

bool ClipOrder::silent(const Clip& clip) const {
  const std::vector<double>& sums = energy_sums_[static_cast<std::size_t>(clip.track)];
  const auto first = static_cast<std::size_t>(clip.first_frame);
  const double energy = sums[first + static_cast<std::size_t>(clip_frames_)] - sums[first];
  return energy / static_cast<double>(clip_frames_) < silent_mean_square_;
}

std::vector<Clip> ClipOrder::batch(std::int64_t step, std::int64_t clips,
                                   std::string_view purpose) const {
  std::vector<Clip> chosen;
  std::int64_t epoch = -1;
  std::vector<std::int64_t> order;
  for (std::int64_t position = step * clips; position < (step + 1) * clips; ++position) {
    if (position / clips_per_epoch() != epoch) {
      epoch = position / clips_per_epoch();
      Random random(derive_seed(seed_, text("order ", purpose), static_cast<std::uint64_t>(epoch)));
      order = random.permutation(clips_per_epoch());
    }
    const std::int64_t item = order[static_cast<std::size_t>(position % clips_per_epoch())];
    Clip clip{.track = items_[static_cast<std::size_t>(item)]};
    const auto frames =
        static_cast<std::int64_t>(energy_sums_[static_cast<std::size_t>(clip.track)].size()) - 1;
    Random random(derive_seed(seed_, text("start ", purpose), static_cast<std::uint64_t>(epoch),
                              static_cast<std::uint64_t>(item)));
    for (int attempt = 0; attempt < 8; ++attempt) {
      clip.first_frame = static_cast<std::int64_t>(
          random.below(static_cast<std::uint64_t>(frames - clip_frames_ + 1)));
      if (!silent(clip)) break;
    }
    chosen.push_back(clip);
  }
  return chosen;
}

}  // namespace minet::clips
