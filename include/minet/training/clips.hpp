// Which 4 s clips make a batch, and their tensors.
// The order is a pure function of (seed, epoch, position): nothing has to be saved to go on from a
// step, and no worker or thread can change it.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "minet/audio/spectrogram.hpp"
#include "minet/config/train_config.hpp"
#include "minet/corpus/corpus.hpp"
#include "minet/pose/pose.hpp"

namespace minet::training {

struct Clip {
  std::int64_t track = 0;        // index into the split's tracks
  std::int64_t first_frame = 0;  // on the code grid
};

// An epoch has one randomly placed clip for each whole clip length of each track, in random order.
// A clip quieter than `silence_db` is placed anew, up to 8 times.
class ClipOrder {
 public:
  // `energies[i][t]` = mean square of track i's samples in [t * hop, (t + 1) * hop).
  ClipOrder(std::vector<std::vector<float>> energies, std::int64_t clip_frames, double silence_db,
            std::uint64_t seed);
  std::int64_t clips_per_epoch() const { return static_cast<std::int64_t>(items_.size()); }
  // Clip number `position` since the start of training. `purpose` gives independent orders.
  Clip at(std::int64_t position, std::string_view purpose = "train") const;
  std::vector<Clip> batch(std::int64_t step, std::int64_t clips,
                          std::string_view purpose = "train") const;

 private:
  bool silent(const Clip& clip) const;
  std::vector<std::vector<double>> energy_sums_;  // by track: running sums, one longer than frames
  std::vector<std::int64_t> items_;               // track of each clip of an epoch
  std::int64_t clip_frames_;
  double silent_mean_square_;
  std::uint64_t seed_;
};

// `count` clips spread evenly over the tracks: the fixed material of a validation.
std::vector<Clip> even_clips(const std::vector<std::int64_t>& track_frames,
                             std::int64_t clip_frames, std::int64_t count);

// The tracks of one split, read on demand: sound stays in memory up to a budget.
class TrackStore {
 public:
  TrackStore(const corpus::Corpus& corpus, std::string_view split,
             const config::TrainConfig& config);
  ~TrackStore();

  const std::vector<corpus::Track>& tracks() const { return tracks_; }
  const std::vector<std::int64_t>& frames() const { return frames_; }  // T of each track
  std::vector<std::vector<float>> energies() const;                    // for ClipOrder

  // Standardised log-spectrograms of clips, [B, F, T], and of a whole track, [1, F, T].
  at::Tensor spectrograms(const std::vector<Clip>& clips,
                          const audio::SpectrogramScale& scale) const;
  at::Tensor track_spectrogram(std::int64_t track, const audio::SpectrogramScale& scale) const;
  at::Tensor poses(const std::vector<Clip>& clips) const;  // [B, P, 94], normalised
  at::Tensor notes(const std::vector<Clip>& clips) const;  // [B, T] int64; 0 where a track has none

  // The scale of the log-spectrogram over all tracks, in two passes (silent progress when quiet).
  audio::SpectrogramScale estimate_scale() const;

 private:
  struct Cache;
  std::vector<float> samples(std::int64_t track, std::int64_t first, std::int64_t count) const;
  std::vector<float> magnitudes(std::int64_t track, std::int64_t first_frame,
                                std::int64_t frames) const;  // [T, F]
  void standardised(std::int64_t track, std::int64_t first_frame, std::int64_t frames,
                    const audio::SpectrogramScale& scale, float* into) const;  // [F, T]

  const corpus::Corpus& corpus_;
  config::TrainConfig config_;
  std::vector<corpus::Track> tracks_;
  std::vector<std::int64_t> frames_;
  std::unique_ptr<Cache> cache_;
};

}  // namespace minet::training
