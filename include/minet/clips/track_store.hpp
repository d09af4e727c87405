// The tracks of a split, and clips of them as tensors.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "minet/audio/spectrogram.hpp"
#include "minet/clips/clip.hpp"
#include "minet/config/train_config.hpp"
#include "minet/corpus/corpus.hpp"

namespace minet::clips {

// The tracks of one split, read on demand; sound is cached up to a memory budget. `corpus` must
// outlive this object.
class TrackStore {
 public:
  TrackStore(const corpus::Corpus& corpus, std::string_view split,
             const config::TrainConfig& config);
  TrackStore(corpus::Corpus&&, std::string_view, const config::TrainConfig&) = delete;
  ~TrackStore();

  const std::vector<corpus::Track>& tracks() const { return tracks_; }
  const std::vector<std::int64_t>& frames() const { return frames_; }  // T of each track
  std::vector<std::vector<float>> energies() const;                    // for ClipOrder

  // Standardised log-spectrograms of clips, [B, F, T], and of a whole track, [1, F, T].
  at::Tensor spectrograms(const std::vector<Clip>& clips,
                          const audio::SpectrogramScale& scale) const;
  at::Tensor track_spectrogram(std::int64_t track, const audio::SpectrogramScale& scale) const;
  at::Tensor poses(const std::vector<Clip>& clips) const;  // [B, P, 94], normalised
  at::Tensor notes(const std::vector<Clip>& clips) const;  // [B, T] int64; 0 if a track has none

  // Estimates the scale of the log-spectrogram over all tracks, in two passes; shows its progress.
  audio::SpectrogramScale estimate_scale() const;

 private:
  struct Cache;
  // Runs on LibTorch's number of threads.
  void for_all_tracks(const std::string& label,
                      const std::function<void(std::int64_t)>& work) const;
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

}  // namespace minet::clips
