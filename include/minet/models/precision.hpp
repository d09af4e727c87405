// The precision of a training step, and whether it can be repeated exactly. The weights, their
// gradients and the optimiser stay float32; so do the codebook, the losses and the recurrent
// networks.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

#include "minet/config/train_config.hpp"

namespace minet::models {

// The meaning of config.run.precision on `device`: `automatic` is bf16 on a GPU and float32
// elsewhere. Sets LibTorch's process-wide switches for TF32. InputError: tf32 without a GPU, bf16
// without a GPU or a processor with AVX512-BF16.
config::Precision use_precision(config::Precision wanted, const at::Device& device);

// From now on, operators on a GPU give the same bits in every run, where LibTorch has a version
// that does; of others, LibTorch warns at their first use. Before the first operator on the GPU: it
// sets CUBLAS_WORKSPACE_CONFIG, if the environment does not.
void use_deterministic_operators();

// During its lifetime, convolutions and matrix products compute in bfloat16 if `precision` says so
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

// Whether matrix products on the CPU compute in bfloat16 here: inside an AutocastScope and outside
// NoAutocast.
bool products_in_bf16();

// During its lifetime nothing is cast: for distances, sums and recurrent networks inside an
// autocast pass.
class NoAutocast {
 public:
  NoAutocast();

 private:
  c10::impl::ExcludeDispatchKeyGuard guard_;
};

}  // namespace minet::models
