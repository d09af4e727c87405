// Converts a network's spectrogram back to the audio library's.
#pragma once

#include <ATen/core/Tensor.h>

#include "minet/audio/spectrogram.hpp"

namespace minet::models {

// A standardised log-spectrogram [F, T] -> linear magnitudes [T, F].
audio::Spectrogram to_magnitudes(const audio::SpectrogramScale& scale,
                                 const at::Tensor& standardised);

}  // namespace minet::models
