// The operators on LibTorch's tensors. Between operators a tensor of four dimensions is
// [N, C, H, W] with the channels last in memory, which makes the file's [N, H, W, C] of it for
// free.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "vision/tflite_file.hpp"

namespace minet::vision {

// By the file's numbers of its tensors; undefined where nothing is known yet.
using Slots = std::vector<at::Tensor>;
using Step = std::function<at::Tensor(const Slots&)>;

at::Tensor to_inside(const at::Tensor& tensor);  // [N, H, W, C] -> [N, C, H, W]; others as they are
at::Tensor to_outside(const at::Tensor& tensor);  // the reverse

// A constant of the file as it is written there, unpacked and in float32 (or int64 for indices);
// undefined for a tensor that is computed. Indices stay on the CPU, where they become shapes.
at::Tensor constant_of(const TfTensor& tensor, const at::Device& device);

// `constants`: as in the file ([N, H, W, C]), by number. InputError where an operator's inputs are
// not what it needs.
Step make_step(const TfGraph& graph, const TfOperator& op, const Slots& constants);

}  // namespace minet::vision
