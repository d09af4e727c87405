#include "vision/convolution.hpp"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include <algorithm>
#include <utility>

namespace minet::vision {
namespace {

std::pair<std::int64_t, std::int64_t> missing(std::int64_t size, std::int64_t filter,
                                              std::int64_t stride, std::int64_t dilation) {
  const std::int64_t results = (size + stride - 1) / stride;
  const std::int64_t needed = (results - 1) * stride + (filter - 1) * dilation + 1;
  const std::int64_t total = std::max<std::int64_t>(needed - size, 0);
  return {total / 2, total - total / 2};
}

// LibTorch registers these for its mobile builds; there is no other way to reach XNNPACK.
const c10::OperatorHandle* packing() {
  static const auto handle =
      c10::Dispatcher::singleton().findSchema({"prepacked::conv2d_clamp_prepack", ""});
  return handle ? &*handle : nullptr;
}

const c10::OperatorHandle* running() {
  static const auto handle =
      c10::Dispatcher::singleton().findSchema({"prepacked::conv2d_clamp_run", ""});
  return handle ? &*handle : nullptr;
}

}  // namespace

at::Tensor activated(const at::Tensor& value, Activation activation) {
  switch (activation) {
    case Activation::relu:
      return at::relu(value);
    case Activation::relu6:
      return at::clamp(value, 0, 6);
    case Activation::none:
      break;
  }
  return value;
}

Padding padding_of(const TfOperator& op, const std::vector<std::int64_t>& shape,
                   std::int64_t filter_h, std::int64_t filter_w) {
  if (!op.same_padding) return {};
  const auto [top, bottom] = missing(shape[1], filter_h, op.stride_h, op.dilation_h);
  const auto [left, right] = missing(shape[2], filter_w, op.stride_w, op.dilation_w);
  return {top, bottom, left, right};
}

Convolution::Convolution(const TfOperator& op, const std::vector<std::int64_t>& input_shape,
                         at::Tensor weight, at::Tensor bias, std::int64_t groups)
    : before_(padding_of(op, input_shape, weight.size(2), weight.size(3))),
      padding_{0, 0},
      stride_{op.stride_h, op.stride_w},
      dilation_{op.dilation_h, op.dilation_w},
      groups_(groups),
      activation_(op.activation),
      weight_(std::move(weight)),
      bias_(std::move(bias)) {
  if (before_.even()) {
    padding_ = {before_.top, before_.left};
    before_ = {};
  }
  if (!weight_.is_cpu() || packing() == nullptr || running() == nullptr ||
      !at::globalContext().isXNNPACKAvailable()) {
    return;
  }
  c10::IValue least, most;
  if (activation_ != Activation::none) least = 0.0;
  if (activation_ == Activation::relu6) most = 6.0;
  torch::jit::Stack stack = {weight_, bias_, stride_, padding_, dilation_, groups_, least, most};
  packing()->callBoxed(&stack);
  packed_ = stack.front();
}

at::Tensor Convolution::run(const at::Tensor& input) const {
  const at::Tensor x =
      before_.none()
          ? input
          : at::constant_pad_nd(input, {before_.left, before_.right, before_.top, before_.bottom});
  if (packed_.isNone()) {
    return activated(at::conv2d(x, weight_, bias_, stride_, padding_, dilation_, groups_),
                     activation_);
  }
  torch::jit::Stack stack = {x, packed_};
  running()->callBoxed(&stack);
  return stack.front().toTensor();
}

}  // namespace minet::vision
