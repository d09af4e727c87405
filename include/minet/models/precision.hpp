// In which numbers a training step computes. The weights, their gradients and the optimiser stay
// float32; so do the codebook, the losses and the recurrent networks.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

#include "minet/config/train_config.hpp"

namespace minet::models {

// What config.run.precision means on `device`: `automatic` is bf16 on a GPU and float32 elsewhere.
// Sets LibTorch's switches for TF32, which are the process's. InputError: tf32 without a GPU, bf16
// without a GPU or a processor with AVX512-BF16.
config::Precision use_precision(config::Precision wanted, const at::Device& device);

// While it lives, convolutions and products compute in bfloat16 where `precision` says so
// (autocast). For a forward pass; the backward pass follows by itself.
class AutocastScope {
 public:
  AutocastScope(config::Precision precision, const at::Device& device);
  ~AutocastScope();
  AutocastScope(const AutocastScope&) = delete;
  AutocastScope& operator=(const AutocastScope&) = delete;

 private:
  at::DeviceType device_;
  bool on_;
};

// Whether a product on the CPU computes in bfloat16 here: inside an AutocastScope and outside of
// NoAutocast.
bool products_in_bf16();

// While it lives, nothing is cast: for distances, sums and recurrent networks inside of such a
// pass.
class NoAutocast {
 public:
  NoAutocast();

 private:
  c10::impl::ExcludeDispatchKeyGuard guard_;
};

}  // namespace minet::models
