// Convolutions, nearly all of a network's work: on a CPU with LibTorch's XNNPACK, whose kernels are
// up to twice as fast as oneDNN's at these sizes on one thread, otherwise with at::conv2d.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include <cstdint>
#include <vector>

#include "vision/tflite_file.hpp"

namespace minet::vision {

at::Tensor activated(const at::Tensor& value, Activation activation);

// TensorFlow's SAME padding: if the total is odd, the larger half comes after.
struct Padding {
  std::int64_t top = 0, bottom = 0, left = 0, right = 0;
  bool none() const { return top + bottom + left + right == 0; }
  bool even() const { return top == bottom && left == right; }
};
// `shape`: the input's, [N, H, W, C]; the filter's size is that before dilation.
Padding padding_of(const TfOperator& op, const std::vector<std::int64_t>& shape,
                   std::int64_t filter_h, std::int64_t filter_w);

class Convolution {
 public:
  // weight [O, I / groups, H, W], bias [O].
  Convolution(const TfOperator& op, const std::vector<std::int64_t>& input_shape, at::Tensor weight,
              at::Tensor bias, std::int64_t groups);
  at::Tensor run(const at::Tensor& input) const;  // [N, C, H, W]

 private:
  Padding before_;  // explicit padding; XNNPACK and LibTorch only pad symmetrically
  std::vector<std::int64_t> padding_, stride_, dilation_;
  std::int64_t groups_;
  Activation activation_;
  at::Tensor weight_, bias_;
  c10::IValue packed_;  // XNNPACK's; none: not available, or not on a CPU
};

}  // namespace minet::vision
