#include "models/cpu/packed_linear.hpp"

#include <ATen/ATen.h>

#include <algorithm>

namespace minet::models {

PackedLinear::PackedLinear(const at::Tensor& weight, const at::Tensor& bias_tensor) {
  const at::Tensor w = weight.detach().contiguous();
  const std::int64_t real_out = w.size(0);
  in = w.size(1);
  out = (real_out + kPanel - 1) / kPanel * kPanel;
  panels.assign(static_cast<std::size_t>(out * in), 0);
  const float* from = w.const_data_ptr<float>();
  for (std::int64_t o = 0; o < real_out; ++o) {
    float* column = panels.data() + o / kPanel * kPanel * in + o % kPanel;
    for (std::int64_t i = 0; i < in; ++i) column[i * kPanel] = from[o * in + i];
  }
  if (!bias_tensor.defined()) return;
  bias.assign(static_cast<std::size_t>(out), 0);
  const at::Tensor b = bias_tensor.detach().contiguous();
  std::copy_n(b.const_data_ptr<float>(), real_out, bias.data());
}

}  // namespace minet::models
