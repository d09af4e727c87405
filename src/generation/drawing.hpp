// What the two ways of sampling codes share (sampling.hpp): FastPrior on the CPU, and LibTorch's
// operators. Letters: B pieces side by side, T codes, H body width.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

#include "minet/core/random.hpp"
#include "minet/generation/sampling_options.hpp"
#include "minet/models/model.hpp"

namespace minet::generation {

// The inputs that a batch's pieces are sampled from, and where the codes go.
struct Drawing {
  models::Model& model;
  const at::Tensor& body;   // [B, T, H]
  const at::Tensor& notes;  // [B, T], or undefined
  const SamplingOptions& options;
  at::Tensor codes;                        // [B, T]
  std::function<void(std::int64_t)> done;  // called with the number of pieces that got a code

  std::int64_t steps() const { return body.size(1); }
  Random random(std::int64_t piece) const {
    return Random(derive_seed(options.seed, "codes", static_cast<std::uint64_t>(piece)));
  }
  void throw_if_stopped(std::int64_t step) const;
};

// Step by step with LibTorch, on the device of the model, without waiting for it before the last
// code.
void draw_by_torch(const Drawing& drawing);

}  // namespace minet::generation
