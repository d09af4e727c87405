// Codes -> log-spectrogram -> sound.
#pragma once

#include <ATen/core/Tensor.h>

#include "minet/audio/inversion.hpp"
#include "minet/models/model.hpp"

namespace minet::generation {

// codes [T] int64 -> T * hop samples; made quieter where it would clip. Decoded and inverted piece
// by piece, without seams: what grows with T is the sound itself.
audio::Sound render(models::Model& model, const at::Tensor& codes,
                    const audio::InversionOptions& options);

}  // namespace minet::generation
