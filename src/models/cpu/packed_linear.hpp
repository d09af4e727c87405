// Weights in the layout that the step kernels read.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "models/cpu/step_kernels.hpp"

namespace minet::models {

// y = W x + b with W [out, in] packed as [out / 64, in, 64], padded with zeros.
struct PackedLinear {
  std::int64_t in = 0, out = 0;  // out: padded
  std::vector<float> panels, bias;

  PackedLinear() = default;
  // `bias` may be undefined.
  PackedLinear(const at::Tensor& weight, const at::Tensor& bias);

  // rows of x, x_stride apart -> rows of y [out, padded], y_stride apart.
  void apply(const StepKernels& kernels, const float* x, std::int64_t x_stride, std::int64_t rows,
             float* y, std::int64_t y_stride, bool relu = false) const {
    kernels.linear({.panels = panels.data(),
                    .bias = bias.empty() ? nullptr : bias.data(),
                    .in = in,
                    .out = out,
                    .rows = rows,
                    .x = x,
                    .x_stride = x_stride,
                    .y = y,
                    .y_stride = y_stride,
                    .relu = relu});
  }
};

}  // namespace minet::models
