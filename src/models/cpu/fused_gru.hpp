// A bidirectional GRU's training step on a CPU: one matrix product and one pass over the gates per
// step and direction replace some twenty small LibTorch operators. Not differentiable twice.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace minet::models {

// x [B, P, in] -> [B, 2 hidden]: the last layer's state after the last step, forward, and after the
// first, backward. `weights` as torch::nn::GRU::all_weights: w_ih, w_hh, b_ih, b_hh by layer and
// direction. Requires fast_training_fits(x).
at::Tensor fused_gru_states(const at::Tensor& x, const std::vector<at::Tensor>& weights);

}  // namespace minet::models
