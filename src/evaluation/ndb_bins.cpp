#include "evaluation/ndb_bins.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>

#include "evaluation/statistics/gram_kmeans.hpp"
#include "minet/config/config.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/hash.hpp"
#include "minet/core/log.hpp"
#include "minet/core/progress.hpp"
#include "minet/core/random.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"
#include "minet/models/safetensors.hpp"

namespace minet::evaluation {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kStripeBytes = 256 << 20;
constexpr std::int64_t kSlice = 16'384;  // dimensions per float32 product
constexpr std::int64_t kBlock = 16;      // clips

// Everything that determines the bins, one line each.
std::string recipe(const Scene& scene, const NdbBinOptions& options) {
  const config::SpectrogramConfig& spectrogram = scene.subject->config().spectrogram;
  const audio::SpectrogramScale& scale = scene.subject->scale();
  return text("minet ndb bins, format 1\ncorpus ", scene.corpus.hash(), "\nsample_rate ",
              spectrogram.sample_rate, "\nn_fft ", spectrogram.n_fft, "\nhop ", spectrogram.hop,
              "\nbins ", spectrogram.bins, "\nscale ", config::to_string(scale.kind), " ",
              to_text(scale.reference), " ", to_text(scale.floor_db), " ", to_text(scale.mean), " ",
              to_text(scale.deviation), "\nclip_frames ", scene.clip_frames(), "\nk ", options.bins,
              "\ntrain_clips ", options.train_clips, "\nrestarts ", options.restarts, "\nseed ",
              options.seed, "\n");
}

at::Tensor to_tensor(const std::vector<std::int64_t>& values) {
  return at::tensor(values, at::kLong);
}

std::vector<std::int64_t> to_vector(const at::Tensor& values) {
  const at::Tensor whole = values.contiguous();
  return {whole.const_data_ptr<std::int64_t>(),
          whole.const_data_ptr<std::int64_t>() + whole.numel()};
}

// With `replace` false, a file that another process wrote meanwhile is kept.
void save(const NdbBins& bins, const std::string& made_from, const fs::path& path, bool replace) {
  models::TensorFile file;
  file.metadata = {
      {"format", "minet ndb bins"}, {"made_from", made_from}, {"inertia", to_text(bins.inertia)}};
  file.tensors = {{"centres", bins.centres},
                  {"train.bins", to_tensor(bins.train.bins)},
                  {"train.tracks", to_tensor(bins.train.tracks)},
                  {"half.bins", to_tensor(bins.half.bins)},
                  {"half.tracks", to_tensor(bins.half.tracks)},
                  {"other_half.bins", to_tensor(bins.other_half.bins)},
                  {"other_half.tracks", to_tensor(bins.other_half.tracks)}};
  try {
    fs::create_directories(path.parent_path());
    models::save_safetensors(path, file, {.replace = replace});
  } catch (const Interrupted&) {
    throw;
  } catch (const std::exception& error) {
    if (!replace && fs::exists(path)) return;
    log::warning(text("the bins are not kept for the next run: ", error.what(),
                      " (the option 'cache' names another folder)"));
  }
}

// nullopt if missing, or not what this version would make.
std::optional<NdbBins> load(const std::string& made_from, std::int64_t bins,
                            std::int64_t dimensions, const fs::path& path) {
  if (!fs::exists(path)) return std::nullopt;
  try {
    models::TensorFile file = models::read_safetensors(path);
    NdbBins found;
    found.centres = file.tensors.at("centres");
    const auto clips = [&](const std::string& name) {
      BinnedClips part{.bins = to_vector(file.tensors.at(name + ".bins")),
                       .tracks = to_vector(file.tensors.at(name + ".tracks"))};
      if (part.bins.size() != part.tracks.size() ||
          std::any_of(part.bins.begin(), part.bins.end(),
                      [&](std::int64_t bin) { return bin < 0 || bin >= bins; })) {
        throw InputError(text(name, " does not match"));
      }
      return part;
    };
    found.train = clips("train");
    found.half = clips("half");
    found.other_half = clips("other_half");
    found.inertia = parse_double(file.metadata.at("inertia")).value();
    if (file.metadata.at("made_from") != made_from || found.train.bins.empty() ||
        found.centres.dim() != 2 || found.centres.size(0) != bins ||
        found.centres.size(1) != dimensions || found.centres.scalar_type() != at::kFloat) {
      throw InputError("made from different data or settings");
    }
    return found;
  } catch (const std::exception& error) {
    log::warning(
        text(path.string(), ": cannot be used (", error.what(), "); computing the bins again"));
    return std::nullopt;
  }
}

// The Gram matrix of clips, from stripes of a few frames of all clips: each frame of the corpus is
// analysed once, and only one stripe is in memory at a time.
at::Tensor gram_of(const Scene& scene, const std::vector<clips::Clip>& clips) {
  config::TrainConfig config = scene.subject->config();
  const std::int64_t frames = config.clip_frames();
  const auto count = static_cast<std::int64_t>(clips.size());
  std::int64_t width = 1;  // frames per stripe: the largest divisor that fits
  for (std::int64_t w = 1; w <= frames; ++w) {
    if (frames % w == 0 && count * w * config.spectrogram.bins * 4 <= kStripeBytes) width = w;
  }
  // A store whose clips are as long as a stripe.
  config.data.clip_seconds = (static_cast<double>(width) + 0.5) / config.frame_rate();
  config.data.audio_cache_mb = std::min<std::int64_t>(config.data.audio_cache_mb, 256);
  const clips::TrackStore store(scene.corpus, "train", config);
  GramMatrix gram(count, scene.device);
  Progress progress("inner products", frames / width, "stripes");
  for (std::int64_t first = 0; first < frames; first += width) {
    throw_if_stopped("stopped while clustering; nothing was written");
    std::vector<clips::Clip> stripes = clips;
    for (clips::Clip& clip : stripes) clip.first_frame += first;
    gram.add(store.spectrograms(stripes, scene.subject->scale()).flatten(1));
    progress.update(first / width + 1);
  }
  progress.finish();
  return gram.finish();
}

// Splits training clips into two halves that share no group: indices of clips.
std::pair<std::vector<std::int64_t>, std::vector<std::int64_t>> halves_of(
    const Scene& scene, const std::vector<clips::Clip>& clips, std::uint64_t seed) {
  std::map<std::string, std::vector<std::int64_t>> groups;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    const corpus::Track& track = scene.track(scene.train_tracks, clips[i]);
    groups[track.group.empty() ? track.id : track.group].push_back(static_cast<std::int64_t>(i));
  }
  std::vector<const std::vector<std::int64_t>*> order;
  for (const auto& [group, members] : groups) order.push_back(&members);
  Random random(derive_seed(seed, "halves"));
  std::pair<std::vector<std::int64_t>, std::vector<std::int64_t>> halves;
  for (const std::int64_t i : random.permutation(static_cast<std::int64_t>(order.size()))) {
    auto& smaller = halves.first.size() <= halves.second.size() ? halves.first : halves.second;
    const std::vector<std::int64_t>& members = *order[static_cast<std::size_t>(i)];
    smaller.insert(smaller.end(), members.begin(), members.end());
  }
  return halves;
}

BinnedClips binned(const std::vector<clips::Clip>& clips, const std::vector<std::int64_t>& rows,
                   std::vector<std::int64_t> bins) {
  BinnedClips result{.bins = std::move(bins), .tracks = {}};
  for (const std::int64_t row : rows) {
    result.tracks.push_back(clips[static_cast<std::size_t>(row)].track);
  }
  return result;
}

NdbBins make(Scene& scene, const NdbBinOptions& options) {
  const std::vector<clips::Clip> clips =
      scattered_clips(scene, scene.train_tracks, options.train_clips);
  const at::Tensor gram = gram_of(scene, clips);
  const GramKmeansOptions kmeans{.clusters = options.bins,
                                 .restarts = options.restarts,
                                 .seed = derive_seed(options.seed, "ndb bins")};
  std::vector<std::int64_t> all(clips.size());
  std::iota(all.begin(), all.end(), 0);
  log::debug("k-means");
  const GramClusters clusters = gram_kmeans(gram, all, kmeans);
  NdbBins bins;
  bins.inertia = clusters.inertia;
  bins.train = binned(clips, all, clusters.labels);
  const auto [half, other] = halves_of(scene, clips, options.seed);
  if (static_cast<std::int64_t>(half.size()) >= options.bins && !other.empty()) {
    const GramClusters own = gram_kmeans(gram, half, kmeans);
    bins.half = binned(clips, half, own.labels);
    bins.other_half = binned(clips, other, gram_nearest(gram, half, own, other));
  }
  Progress progress("centres", static_cast<std::int64_t>(clips.size()), "clips");
  bins.centres = bin_centres(
      clusters.labels, options.bins, scene.clip_frames() * scene.subject->config().spectrogram.bins,
      kBlock, [&](std::int64_t first, std::int64_t count) {
        throw_if_stopped("stopped while clustering; nothing was written");
        progress.update(first + count);
        const auto begin = clips.begin() + first;
        return scene.train_tracks.spectrograms({begin, begin + count}, scene.subject->scale())
            .flatten(1);
      });
  progress.finish();
  return bins;
}

}  // namespace

NdbBins ndb_bins(Scene& scene, const NdbBinOptions& options, const fs::path& cache) {
  const std::string made_from = recipe(scene, options);
  const std::string hash = sha256(made_from);
  const fs::path path = cache / text("ndb-", hash.substr(0, 16), ".safetensors");
  const std::int64_t dimensions = scene.clip_frames() * scene.subject->config().spectrogram.bins;
  std::optional<NdbBins> bins = load(made_from, options.bins, dimensions, path);
  if (!bins) {
    const bool damaged = fs::exists(path);
    bins = make(scene, options);
    save(*bins, made_from, path, /*replace=*/damaged);
    // Shards that made them at the same time, perhaps rounded differently, all use the same ones.
    if (auto kept = load(made_from, options.bins, dimensions, path)) bins = std::move(kept);
  }
  bins->centres = bins->centres.to(scene.device);
  bins->hash = hash;
  return std::move(*bins);
}

std::vector<std::int64_t> nearest_bins(const at::Tensor& centres, const at::Tensor& clips) {
  const at::NoGradGuard no_grad;
  const at::Tensor rows = clips.flatten(1).to(centres.device());  // [B, d]
  at::Tensor scores =                                             // |c|^2 - 2 x c
      at::zeros({rows.size(0), centres.size(0)}, centres.options().dtype(at::kDouble));
  for (std::int64_t first = 0; first < rows.size(1); first += kSlice) {
    const std::int64_t size = std::min(kSlice, rows.size(1) - first);
    const at::Tensor c = centres.narrow(1, first, size);
    scores.sub_(at::mm(rows.narrow(1, first, size), c.t()), 2);
    scores.add_(c.square().sum(1, /*keepdim=*/false, at::kDouble));
  }
  return to_vector(scores.argmin(1).cpu());
}

at::Tensor bin_centres(const std::vector<std::int64_t>& labels, std::int64_t bins,
                       std::int64_t dimensions, std::int64_t block, const BlockReader& read) {
  const at::NoGradGuard no_grad;
  const auto total = static_cast<std::int64_t>(labels.size());
  // In double: a bin may hold thousands of clips. 0.1 GB at 50 bins of 250 x 1024.
  at::Tensor sums = at::zeros({bins, dimensions}, at::kDouble);
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(bins), 0);
  for (std::int64_t first = 0; first < total; first += block) {
    const std::int64_t count = std::min(block, total - first);
    const at::Tensor rows = read(first, count);
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t bin = labels[static_cast<std::size_t>(first + i)];
      sums[bin].add_(rows[i]);
      ++sizes[static_cast<std::size_t>(bin)];
    }
  }
  return sums.div_(at::tensor(sizes, at::kDouble).unsqueeze(1)).to(at::kFloat);
}

}  // namespace minet::evaluation
