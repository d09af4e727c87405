// Weights and fingerprints of golden/plus.safetensors and train_plus.safetensors, computed from
// parameter names like pattern() and patterned() of make_plus_golden.py.
#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <map>
#include <string>

#include "minet/models/plus.hpp"

namespace minet::reference {

inline at::Tensor pattern(std::int64_t count, const std::string& name) {
  std::int64_t sum = 0;
  for (const char letter : name) sum += letter;
  const at::Tensor i = at::arange(count, at::kDouble);
  const at::Tensor noise = at::sin(i * 12.9898 + static_cast<double>(sum % 1000)) * 43758.5453;
  return (noise - noise.floor() - 0.5) * std::sqrt(12.0);
}

inline void fill(models::PlusModel& model) {
  const at::NoGradGuard no_grad;
  for (auto& [name, tensor] : models::plus_tensors(model)) {
    at::Tensor values = pattern(tensor.numel(), name).view_as(tensor);
    if (tensor.dim() == 1) {
      values = 0.1 * values + (name.ends_with("weight") ? 1 : 0);
    } else {
      values = values * 0.8 / std::sqrt(static_cast<double>(tensor[0].numel()));
    }
    at::Tensor target = tensor;
    target.copy_(values);
  }
}

// The norm of a gradient, and its dot product with the pattern of its name.
inline at::Tensor fingerprint(const at::Tensor& gradient, const std::string& name) {
  const at::Tensor flat = gradient.to(at::kDouble).flatten();
  return at::stack({flat.norm(), flat.dot(pattern(flat.numel(), name))});
}

}  // namespace minet::reference
