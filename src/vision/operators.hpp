// The operators, on LibTorch's tensors. Between operators a tensor of four dimensions is
// [N, C, H, W] in channels-last memory format, so converting it from or to the file's
// [N, H, W, C] is free.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "vision/tflite_file.hpp"

namespace minet::vision {

// By the file's tensor indices; undefined if not known yet.
using Slots = std::vector<at::Tensor>;
using Step = std::function<at::Tensor(const Slots&)>;

at::Tensor to_inside(const at::Tensor& tensor);  // [N, H, W, C] -> [N, C, H, W]; others as they are
at::Tensor to_outside(const at::Tensor& tensor);  // the reverse

// A constant of the file in the file's layout, unpacked, in float32 (or int64 for indices);
// undefined for a tensor that is computed. Indices stay on the CPU, because they become shapes.
at::Tensor constant_of(const TfTensor& tensor, const at::Device& device);

// `constants`: in the file's layout ([N, H, W, C]), by index. InputError if an operator's inputs
// do not fit it.
Step make_step(const TfGraph& graph, const TfOperator& op, const Slots& constants);

}  // namespace minet::vision
