// How far an estimated spectrogram is from the real one. Lower is better for all three metrics.
//
// l2                          mean squared error of the standardised log-spectrogram, as the
//                             VQ-VAE is trained on (1 = the variance of the training corpus)
// log_spectral_distance_db    for each frame the root of the mean over bins of the squared
//                             difference in dB, both floored at 80 dB below the scale's
//                             reference; mean over frames
// spectral_convergence_db     20 log10(|X - Y| / |X|) of linear magnitudes, Frobenius norms over
//                             everything added, so loud passages weigh most
// Letters: M frames, F bins.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "minet/audio/spectrogram.hpp"

namespace minet::evaluation {

inline constexpr double kDistanceFloorDb = -80;  // relative to the scale's reference

struct SpectralFigures {
  double l2 = 0;
  double log_spectral_distance_db = 0;
  double spectral_convergence_db = 0;  // within [-200, 200]
};

// Frames in the three units that the measures need.
struct FrameViews {
  FrameViews(const audio::SpectrogramScale& scale, const at::Tensor& frames);
  at::Tensor standardised;  // [M, F]
  at::Tensor decibel;       // [M, F], relative to the reference, floored
  at::Tensor linear;        // [M, F]
};

class SpectralMeasures {
 public:
  void add(const FrameViews& real, const FrameViews& estimate);
  SpectralFigures figures() const;  // WorkError if nothing was added
  std::int64_t frames() const { return frames_; }

 private:
  std::int64_t frames_ = 0, values_ = 0;
  double squares_ = 0, distances_ = 0, error_energy_ = 0, real_energy_ = 0;
};

// [B, F, T] -> [B * T, F] on the CPU.
at::Tensor frames_of(const at::Tensor& spectrograms);

}  // namespace minet::evaluation
