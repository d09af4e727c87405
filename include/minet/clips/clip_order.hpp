// The clips of each batch.
// The order is a pure function of (seed, epoch, position): resuming at a step needs no saved state,
// and no worker or thread can change it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "minet/clips/clip.hpp"

namespace minet::clips {

// An epoch has one randomly placed clip for each whole clip length of each track, in random order.
// A clip quieter than `silence_db` is placed again, up to 8 attempts.
class ClipOrder {
 public:
  // `energies[i][t]` = mean square of track i's samples in [t * hop, (t + 1) * hop).
  ClipOrder(std::vector<std::vector<float>> energies, std::int64_t clip_frames, double silence_db,
            std::uint64_t seed);
  std::int64_t clips_per_epoch() const { return static_cast<std::int64_t>(items_.size()); }
  // Clips number step * clips, step * clips + 1, ... since the start of training. Each `purpose`
  // has its own order.
  std::vector<Clip> batch(std::int64_t step, std::int64_t clips,
                          std::string_view purpose = "train") const;

 private:
  bool silent(const Clip& clip) const;
  std::vector<std::vector<double>> energy_sums_;  // by track: prefix sums, one longer than frames
  std::vector<std::int64_t> items_;               // track of each clip of an epoch
  std::int64_t clip_frames_;
  double silent_mean_square_;
  std::uint64_t seed_;
};

}  // namespace minet::clips
