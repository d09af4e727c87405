#include "evaluation/spectral.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "minet/core/errors.hpp"

namespace minet::evaluation {
namespace {

// Not via to_linear, which silences the last half decibel above the floor.
at::Tensor to_decibel(const audio::SpectrogramScale& scale, const at::Tensor& standardised) {
  at::Tensor decibel = standardised * scale.deviation + scale.mean;
  if (scale.kind == config::LogScale::log1p) {
    // ln(1 + m) -> 20 log10(m / reference); -inf for m <= 0 becomes the floor.
    const at::Tensor magnitude = decibel.expm1_().clamp_min_(0);
    decibel = magnitude.div_(scale.reference).log10_().mul_(20);
  }
  return decibel.clamp_min_(kDistanceFloorDb);
}

at::Tensor to_linear(const audio::SpectrogramScale& scale, const at::Tensor& standardised) {
  at::Tensor linear = standardised.clone(at::MemoryFormat::Contiguous);
  audio::to_linear(scale,
                   {linear.mutable_data_ptr<float>(), static_cast<std::size_t>(linear.numel())});
  return linear;
}

double total(const at::Tensor& values) {
  return values.sum(at::kDouble).item<double>();
}

}  // namespace

FrameViews::FrameViews(const audio::SpectrogramScale& scale, const at::Tensor& frames)
    : standardised(frames.detach().to(at::kCPU, at::kFloat).contiguous()),
      decibel(to_decibel(scale, standardised)),
      linear(to_linear(scale, standardised)) {}

void SpectralMeasures::add(const FrameViews& real, const FrameViews& estimate) {
  frames_ += real.standardised.size(0);
  values_ += real.standardised.numel();
  squares_ += total((real.standardised - estimate.standardised).square_());
  distances_ += total((real.decibel - estimate.decibel).square_().mean(1).sqrt_());
  error_energy_ += total((real.linear - estimate.linear).square_());
  real_energy_ += total(real.linear.square());
}

SpectralFigures SpectralMeasures::figures() const {
  if (frames_ == 0) throw WorkError("spectral measures: expected at least one frame, got none");
  SpectralFigures figures{.l2 = squares_ / static_cast<double>(values_),
                          .log_spectral_distance_db = distances_ / static_cast<double>(frames_)};
  if (error_energy_ == 0) {
    figures.spectral_convergence_db = -200;
  } else if (real_energy_ == 0) {
    figures.spectral_convergence_db = 200;
  } else {
    figures.spectral_convergence_db =
        std::clamp(10 * std::log10(error_energy_ / real_energy_), -200.0, 200.0);
  }
  return figures;
}

at::Tensor frames_of(const at::Tensor& spectrograms) {
  return spectrograms.detach().to(at::kCPU).transpose(1, 2).reshape({-1, spectrograms.size(1)});
}

}  // namespace minet::evaluation
