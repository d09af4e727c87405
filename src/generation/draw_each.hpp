// Samples codes on the logits' device, without waiting for a GPU.
#pragma once

#include <ATen/core/Tensor.h>

#include "minet/generation/sampling_options.hpp"

namespace minet::generation {

// One code from each row of logits [B, K], as draw() does; `uniform` [B] double in [0, 1), on the
// same device -> [B] int64.
at::Tensor draw_each(const at::Tensor& logits, const SamplingOptions& options,
                     const at::Tensor& uniform);

}  // namespace minet::generation
