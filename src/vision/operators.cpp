#include "vision/operators.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <memory>

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"
#include "vision/convolution.hpp"

namespace minet::vision {
namespace {

// The part of the file that an operator needs.
struct Context {
  const TfGraph& graph;
  const TfOperator& op;
  const Slots& constants;

  [[noreturn]] void refuse(const char* why) const {
    throw InputError(text(graph.where, ": expected a network of known operators, got ",
                          name_of(op.code), " ", why, "; run scripts/setup.sh, which fetches the ",
                          "networks"));
  }
  int input(std::size_t i) const {
    if (i >= op.inputs.size() || op.inputs[i] < 0) refuse("without one of its inputs");
    return op.inputs[i];
  }
  const std::vector<std::int64_t>& shape(std::size_t i) const {
    return graph.tensors[static_cast<std::size_t>(input(i))].shape;
  }
  std::size_t rank(std::size_t i) const { return shape(i).size(); }
  const at::Tensor& constant(std::size_t i) const {
    const at::Tensor& found = constants[static_cast<std::size_t>(input(i))];
    if (!found.defined()) refuse("with a computed input where a constant is expected");
    return found;
  }
  std::vector<std::int64_t> integers(std::size_t i) const {
    const at::Tensor& found = constant(i);
    if (found.scalar_type() != at::kLong) refuse("with fractions where whole numbers are expected");
    return {found.const_data_ptr<std::int64_t>(),
            found.const_data_ptr<std::int64_t>() + found.numel()};
  }
  // A function that returns the input when the network runs.
  std::function<at::Tensor(const Slots&)> operand(std::size_t i) const {
    const auto slot = static_cast<std::size_t>(input(i));
    if (constants[slot].defined()) {
      return [value = to_inside(constants[slot])](const Slots&) { return value; };
    }
    return [slot](const Slots& slots) { return slots[slot]; };
  }
  const std::vector<std::int64_t>& result_shape() const {
    return graph.tensors[static_cast<std::size_t>(op.outputs.front())].shape;
  }
};

// Axis of [N, H, W, C] -> axis of [N, C, H, W].
std::int64_t inside_axis(std::int64_t axis, std::size_t rank) {
  constexpr std::array<std::int64_t, 4> kAxes = {0, 2, 3, 1};
  return rank == 4 ? kAxes[static_cast<std::size_t>(axis)] : axis;
}

Step add(const Context& context) {
  if (context.rank(0) != context.rank(1)) context.refuse("of different ranks");
  return [a = context.operand(0), b = context.operand(1), activation = context.op.activation](
             const Slots& slots) { return activated(at::add(a(slots), b(slots)), activation); };
}

Step concatenate(const Context& context) {
  std::vector<std::function<at::Tensor(const Slots&)>> parts;
  const auto rank = static_cast<std::int64_t>(context.rank(0));
  const std::int64_t axis = context.op.axis < 0 ? context.op.axis + rank : context.op.axis;
  if (axis < 0 || axis >= rank) context.refuse("along an axis that is not there");
  for (std::size_t i = 0; i < context.op.inputs.size(); ++i) parts.push_back(context.operand(i));
  return [parts, axis = inside_axis(axis, context.rank(0)),
          activation = context.op.activation](const Slots& slots) {
    std::vector<at::Tensor> values;
    for (const auto& part : parts) values.push_back(part(slots));
    return activated(at::cat(values, axis), activation);
  };
}

Step convolve(const Context& context) {
  if (context.rank(0) != 4 || context.constant(1).dim() != 4) context.refuse("of another rank");
  const bool depthwise = context.op.code == Builtin::depthwise_conv_2d;
  const std::int64_t channels = context.shape(0)[3];
  at::Tensor weight = context.constant(1);  // [O, H, W, I], depthwise [1, H, W, O]
  weight = depthwise ? weight.permute({3, 0, 1, 2}) : weight.permute({0, 3, 1, 2});
  const bool biased = context.op.inputs.size() > 2 && context.op.inputs[2] >= 0;
  const at::Tensor bias =
      biased ? context.constant(2) : at::zeros({weight.size(0)}, weight.options());
  if (weight.size(1) != (depthwise ? 1 : channels) || weight.size(0) % (depthwise ? channels : 1) ||
      bias.numel() != weight.size(0)) {
    context.refuse("whose weights do not fit its input");
  }
  const auto convolution = std::make_shared<Convolution>(
      context.op, context.shape(0), weight.contiguous(), bias, depthwise ? channels : 1);
  return [convolution, x = context.operand(0)](const Slots& slots) {
    return convolution->run(x(slots));
  };
}

// TensorFlow's channel order: the position in the block comes before the channel, unlike in
// pixel_shuffle.
Step depth_to_space(const Context& context) {
  if (context.rank(0) != 4) context.refuse("of another rank");
  return [x = context.operand(0), b = context.op.block](const Slots& slots) {
    const at::Tensor in = to_outside(x(slots));  // [N, H, W, b * b * C]
    const auto n = in.size(0), h = in.size(1), w = in.size(2), c = in.size(3) / (b * b);
    return to_inside(
        in.reshape({n, h, w, b, b, c}).permute({0, 1, 3, 2, 4, 5}).reshape({n, h * b, w * b, c}));
  };
}

Step connect(const Context& context) {
  const at::Tensor weight = context.constant(1);  // [out, in]
  const bool biased = context.op.inputs.size() > 2 && context.op.inputs[2] >= 0;
  const at::Tensor bias =
      biased ? context.constant(2) : at::zeros({weight.size(0)}, weight.options());
  if (weight.dim() != 2) context.refuse("of another rank");
  return [x = context.operand(0), weight, bias,
          activation = context.op.activation](const Slots& slots) {
    const at::Tensor in = to_outside(x(slots)).reshape({-1, weight.size(1)});
    return activated(at::linear(in, weight, bias), activation);
  };
}

Step max_pool(const Context& context) {
  if (context.rank(0) != 4) context.refuse("of another rank");
  const auto& shape = context.shape(0);
  const TfOperator& op = context.op;
  const Padding pad = padding_of(op, shape, op.filter_h, op.filter_w);
  return [x = context.operand(0), pad, op](const Slots& slots) {
    at::Tensor in = x(slots);
    if (!pad.none()) {
      in = at::constant_pad_nd(in, {pad.left, pad.right, pad.top, pad.bottom},
                               -std::numeric_limits<float>::infinity());
    }
    return activated(at::max_pool2d(in, {op.filter_h, op.filter_w}, {op.stride_h, op.stride_w}),
                     op.activation);
  };
}

Step reshape(const Context& context) {
  return [x = context.operand(0), shape = context.result_shape()](const Slots& slots) {
    return to_inside(to_outside(x(slots)).reshape(shape));
  };
}

Step resize(const Context& context) {
  const auto& shape = context.result_shape();
  if (context.rank(0) != 4 || shape.size() != 4 || context.op.align_corners ||
      !context.op.half_pixel) {
    context.refuse("of another form");
  }
  return [x = context.operand(0), h = shape[1], w = shape[2]](const Slots& slots) {
    return at::upsample_bilinear2d(x(slots), {h, w}, false);
  };
}

Step pad(const Context& context) {
  const std::vector<std::int64_t> amounts = context.integers(1);  // before and after, by axis
  const bool small = std::all_of(amounts.begin(), amounts.end(),
                                 [](std::int64_t amount) { return amount >= 0 && amount <= 4096; });
  if (context.rank(0) != 4 || amounts.size() != 8 || !small || amounts[0] + amounts[1] != 0) {
    context.refuse("of another form");
  }
  return [x = context.operand(0), amounts](const Slots& slots) {
    return at::constant_pad_nd(
        x(slots), {amounts[4], amounts[5], amounts[2], amounts[3], amounts[6], amounts[7]});
  };
}

Step mean(const Context& context) {
  const auto rank = static_cast<std::int64_t>(context.rank(0));
  std::vector<std::int64_t> axes;
  for (std::int64_t axis : context.integers(1)) {
    if (axis < 0) axis += rank;
    if (axis < 0 || axis >= rank) context.refuse("along an axis that is not there");
    axes.push_back(axis);
  }
  return [x = context.operand(0), axes, keep = context.op.keep_dims](const Slots& slots) {
    return to_inside(at::mean(to_outside(x(slots)), axes, keep));
  };
}

Step slice(const Context& context) {
  const auto begin = context.integers(1), end = context.integers(2), step = context.integers(3);
  const auto& shape = context.shape(0);
  bool fits =
      begin.size() == shape.size() && end.size() == shape.size() && step.size() == shape.size();
  for (std::size_t i = 0; fits && i < shape.size(); ++i) {
    fits = begin[i] >= 0 && begin[i] < end[i] && end[i] <= shape[i] && step[i] >= 1;
  }
  if (!fits) context.refuse("of another form");
  return [x = context.operand(0), begin, end, step](const Slots& slots) {
    at::Tensor in = x(slots);
    for (std::size_t i = 0; i < begin.size(); ++i) {
      in = at::slice(in, inside_axis(static_cast<std::int64_t>(i), begin.size()), begin[i], end[i],
                     step[i]);
    }
    return in;
  };
}

Step prelu(const Context& context) {
  const at::Tensor slope = context.constant(1).reshape(-1);  // one per channel
  if (context.rank(0) != 4 || slope.numel() != context.shape(0)[3]) {
    context.refuse("whose slopes are not one a channel");
  }
  return [x = context.operand(0), slope](const Slots& slots) { return at::prelu(x(slots), slope); };
}

}  // namespace

at::Tensor to_inside(const at::Tensor& tensor) {
  return tensor.dim() == 4 ? tensor.permute({0, 3, 1, 2}) : tensor;
}

at::Tensor to_outside(const at::Tensor& tensor) {
  return tensor.dim() == 4 ? tensor.permute({0, 2, 3, 1}).contiguous() : tensor;
}

namespace {

at::Tensor constant_on_cpu(const TfTensor& tensor) {
  const at::ScalarType type = tensor.type == ElementType::float16 ? at::kHalf
                              : tensor.type == ElementType::int32 ? at::kInt
                                                                  : at::kFloat;
  const std::int64_t stored = tensor.sparse
                                  ? static_cast<std::int64_t>(tensor.sparse->column.size())
                                  : elements_of(tensor.shape);
  at::Tensor values = at::empty({stored}, type);
  std::memcpy(values.data_ptr(), tensor.data.data(), tensor.data.size());
  values = values.to(type == at::kInt ? at::kLong : at::kFloat);
  if (!tensor.sparse) return values.reshape(tensor.shape);
  at::Tensor dense = at::zeros(tensor.shape, values.options());
  const SparseRows& rows = *tensor.sparse;
  std::vector<std::int64_t> places;
  for (std::size_t row = 0; row + 1 < rows.begin.size(); ++row) {
    for (std::int64_t i = rows.begin[row]; i < rows.begin[row + 1]; ++i) {
      places.push_back(static_cast<std::int64_t>(row) * tensor.shape.back() +
                       rows.column[static_cast<std::size_t>(i)]);
    }
  }
  dense.view(-1).index_copy_(0, at::tensor(places, at::kLong), values);
  return dense;
}

}  // namespace

at::Tensor constant_of(const TfTensor& tensor, const at::Device& device) {
  if (tensor.data.empty()) return {};
  const at::Tensor value = constant_on_cpu(tensor);
  return value.scalar_type() == at::kLong ? value : value.to(device);
}

Step make_step(const TfGraph& graph, const TfOperator& op, const Slots& constants) {
  const Context context{graph, op, constants};
  switch (op.code) {
    case Builtin::add:
      return add(context);
    case Builtin::concatenation:
      return concatenate(context);
    case Builtin::conv_2d:
    case Builtin::depthwise_conv_2d:
      return convolve(context);
    case Builtin::depth_to_space:
      return depth_to_space(context);
    case Builtin::fully_connected:
      return connect(context);
    case Builtin::logistic:
      return [x = context.operand(0)](const Slots& slots) { return at::sigmoid(x(slots)); };
    case Builtin::max_pool_2d:
      return max_pool(context);
    case Builtin::reshape:
      return reshape(context);
    case Builtin::resize_bilinear:
      return resize(context);
    case Builtin::pad:
      return pad(context);
    case Builtin::mean:
      return mean(context);
    case Builtin::strided_slice:
      return slice(context);
    case Builtin::prelu:
      return prelu(context);
    case Builtin::dequantize:
    case Builtin::densify:
      context.refuse("of something that is computed");
  }
  context.refuse("as something that it is not");
}

}  // namespace minet::vision
