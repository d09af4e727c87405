// The standardised spectrograms of a split in a GPU's memory, in half precision: batches of clips
// are read there, so that the GPU never waits for the CPU. An hour of sound takes 0.46 GB.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "minet/audio/spectrogram.hpp"
#include "minet/clips/track_store.hpp"

namespace minet::clips {

class DeviceSpectrograms {
 public:
  // Nothing for a CPU, or if they do not fit (which is logged).
  static std::optional<DeviceSpectrograms> load(const TrackStore& store,
                                                const audio::SpectrogramScale& scale,
                                                const at::Device& device);
  // As TrackStore's, but on the device: float32 [B, F, T] and [1, F, T].
  at::Tensor clips(const std::vector<Clip>& clips, std::int64_t frames) const;
  at::Tensor track(std::int64_t track) const;

 private:
  at::Tensor frames_;                // [sum of T, F] float16, track after track
  std::vector<std::int64_t> first_;  // row of each track's first frame, and one past the last
};

}  // namespace minet::clips
