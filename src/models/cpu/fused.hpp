// Parts of the transformers' training step in one pass each, on a CPU: attention from the
// projections to what the output projection reads, dropout with the residual sum, cross-entropy.
// LibTorch's operators, which say the same in more passes over memory, are used on other devices
// and where no gradient is recorded. None is differentiable twice.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "minet/models/attention.hpp"

namespace minet::models {

// True for float on the CPU where a gradient is recorded, unless the environment variable
// MINET_TRAINING says `torch`: LibTorch's operators alone, the reference.
bool fused_fits(const at::Tensor& x);

struct AttentionShape {
  std::int64_t heads = 1;
  bool causal = false;
};

// Every step sees every step (those up to it if causal); rotary positions on queries and keys.
// qkv [B, T, 3W] -> [B, T, W]
at::Tensor fused_attention(const at::Tensor& qkv, const RotaryTable& rotary,
                           const AttentionShape& shape);
// q [B, T, W], kv [B, T, 2W] -> [B, T, W]
at::Tensor fused_attention(const at::Tensor& q, const at::Tensor& kv, const RotaryTable& rotary,
                           const AttentionShape& shape);

// dropout(x) in training, else x; the draws follow from one of the default generator's.
at::Tensor fused_dropout(const at::Tensor& x, double share, bool training);
// base + dropout(x)
at::Tensor add_dropout(const at::Tensor& base, const at::Tensor& x, double share, bool training);

// Mean over rows of -log softmax(logits)[target]: logits [N, K], targets [N] int64, checked -> [].
at::Tensor mean_cross_entropy(const at::Tensor& logits, const at::Tensor& targets);

}  // namespace minet::models
