// Width-3 convolutions for training on a CPU, by Winograd's F(4, 3) (Lavin and Gray 2015,
// https://arxiv.org/abs/1509.09308, in one dimension): four frames of the output take six products
// of channel matrices instead of twelve, forward and in both gradients. The rounding error grows
// from 2.4e-7 to 8e-7 of the outputs' deviation (rms), which does not affect training; making sound
// still uses the direct convolution. Not differentiable twice.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace minet::models {

struct ConvWeights {
  at::Tensor weight;  // [O, C / N, 3]
  at::Tensor bias;    // [O]
  std::int64_t groups = 1;
};

// True if fast_training_fits and a gradient is recorded for float weights on the CPU.
bool winograd_fits(const at::Tensor& x, const ConvWeights& conv);

// x [B, C, T] -> [B, O, T], and max(0, .) if `relu`. The result is laid out as [B, T, O] in memory,
// and x is read fastest if it has that layout too.
at::Tensor winograd_conv(const at::Tensor& x, const ConvWeights& conv, bool relu);

// x + second(relu(first(x))): [B, C, T] -> [B, C, T], laid out as above.
at::Tensor winograd_residual(const at::Tensor& x, const ConvWeights& first,
                             const ConvWeights& second);

}  // namespace minet::models
