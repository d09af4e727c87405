// Codes -> log-spectrogram -> sound.
#pragma once

#include <ATen/core/Tensor.h>

#include "minet/audio/inversion.hpp"
#include "minet/models/model.hpp"

namespace minet::generation {

// codes [T] int64 -> T * hop samples, scaled down if they would clip. Decoded and inverted in
// blocks, without seams, so that only the sound itself takes memory that grows with T.
audio::Sound render(models::Model& model, const at::Tensor& codes,
                    const audio::InversionOptions& options);

}  // namespace minet::generation
