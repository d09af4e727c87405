// Codes -> log-spectrogram -> sound.
#pragma once

#include <ATen/core/Tensor.h>

#include "minet/audio/inversion.hpp"
#include "minet/audio/spectrogram.hpp"
#include "minet/models/model.hpp"

namespace minet::generation {

// codes [T] int64 -> linear magnitudes [T, F]. Decoded in chunks without seams.
audio::Spectrogram decode_magnitudes(models::Model& model, const at::Tensor& codes);

// codes [T] int64 -> T * hop samples; made quieter where it would clip.
audio::Sound render(models::Model& model, const at::Tensor& codes,
                    const audio::InversionOptions& options);

}  // namespace minet::generation
