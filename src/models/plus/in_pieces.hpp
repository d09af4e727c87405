// Helpers for sequences processed in pieces of time; time is dimension 1.
#pragma once

#include <ATen/ATen.h>

namespace minet::models {

// `first` may be undefined: nothing came before.
inline at::Tensor joined(const at::Tensor& first, const at::Tensor& rest) {
  return first.defined() ? at::cat({first, rest}, 1) : rest;
}

inline at::Tensor last_of(const at::Tensor& x) {  // [B, T, ...] -> [B, 1, ...]
  return x.slice(1, -1);
}

}  // namespace minet::models
