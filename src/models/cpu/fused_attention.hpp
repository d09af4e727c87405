// Attention in the transformers' training step on a CPU, from the query, key and value projections
// up to the output projection, in one pass. LibTorch's operators, which need more passes over
// memory, are used if fast_training_fits (compute_paths.hpp) is false. Not differentiable twice.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "minet/models/attention.hpp"

namespace minet::models {

struct AttentionShape {
  std::int64_t heads = 1;
  bool causal = false;
};

// Each step attends to all steps (up to itself if causal); queries and keys get rotary positions.
// qkv [B, T, 3W] -> [B, T, W]
at::Tensor fused_attention(const at::Tensor& qkv, const RotaryTable& rotary,
                           const AttentionShape& shape);
// q [B, T, W], kv [B, T, 2W] -> [B, T, W]
at::Tensor fused_attention(const at::Tensor& q, const at::Tensor& kv, const RotaryTable& rotary,
                           const AttentionShape& shape);

}  // namespace minet::models
