#include "models/cpu/winograd.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <functional>

#include "minet/models/precision.hpp"
#include "models/cpu/compute_paths.hpp"
#include "models/cpu/winograd_kernels.hpp"

namespace minet::models {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

constexpr std::int64_t kPoints = 6;

// [B, C, T] -> [B, T, C], contiguous.
at::Tensor to_rows(const at::Tensor& x) {
  return x.transpose(1, 2).contiguous();
}

const float* data_or_null(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.const_data_ptr<float>() : nullptr;
}

struct Shape {
  std::int64_t batch, frames;
  std::int64_t tiles() const { return batch * ((frames + 3) / 4); }
  WinogradShape of(std::int64_t channels, std::int64_t groups) const {
    return {.frames = frames, .channels = channels, .groups = groups, .tiles = tiles()};
  }
};

void for_all_tiles(const WinogradShape& shape,
                   const std::function<void(const WinogradRange&)>& work) {
  const std::int64_t grain = std::max<std::int64_t>(1, 16384 / shape.channels);
  at::parallel_for(0, shape.tiles, grain, [&](std::int64_t first, std::int64_t last) {
    work({.shape = shape, .first = first, .last = last});
  });
}

// The type of transformed data, float or bfloat16, and its kernels.
template <class Points>
struct Transformed;

template <>
struct Transformed<float> {
  static constexpr at::ScalarType kType = at::kFloat;
  using Element = float;
};

template <>
struct Transformed<Bfloat16> {
  static constexpr at::ScalarType kType = at::kBFloat16;
  using Element = at::BFloat16;
};

template <class Points>
at::Tensor empty_points(at::IntArrayRef sizes) {
  return at::empty(sizes, at::dtype(Transformed<Points>::kType));
}

template <class Points>
Points* points_of(at::Tensor& tensor) {
  return reinterpret_cast<Points*>(
      tensor.mutable_data_ptr<typename Transformed<Points>::Element>());
}

template <class Points>
const Points* const_points_of(const at::Tensor& tensor) {
  return reinterpret_cast<const Points*>(
      tensor.const_data_ptr<typename Transformed<Points>::Element>());
}

// The products of all points and groups: [6 N, rows, inner] x [6 N, inner, columns].
void multiply(at::Tensor& out, const at::Tensor& a, const at::Tensor& b) {
  if (a.size(0) > kPoints || a.scalar_type() == at::kBFloat16) {
    at::bmm_out(out, a, b);
    return;
  }
  for (std::int64_t i = 0; i < a.size(0); ++i) {  // large ones: faster one by one than batched
    at::Tensor one = out[i];
    at::mm_out(one, a[i], b[i]);
  }
}

// [6 N, O / N, C / N]
template <class Points>
at::Tensor weight_points(const ConvWeights& conv) {
  const std::int64_t out = conv.weight.size(0), in = conv.weight.size(1), count = out * in;
  at::Tensor points = empty_points<Points>({kPoints * conv.groups, out / conv.groups, in});
  const at::Tensor weight = conv.weight.contiguous();
  const float* from = weight.const_data_ptr<float>();
  Points* to = points_of<Points>(points);
  at::parallel_for(0, count, 16384, [&](std::int64_t first, std::int64_t last) {
    winograd_kernels<Points>().weights(from + 3 * first, last - first, to + first, count);
  });
  return points;
}

struct Pass {
  at::Tensor rows;         // [B, T, O]
  at::Tensor seen;         // [6 N, tiles, C / N]: the input's points, float or bfloat16
  at::Tensor weight_seen;  // [6 N, O / N, C / N]: the weights', of the same type
};

template <class Points>
Pass forward_pass_in(const at::Tensor& rows, const ConvWeights& conv, bool relu,
                     const at::Tensor& added) {
  const Shape shape{rows.size(0), rows.size(1)};
  const std::int64_t in = rows.size(2), out = conv.weight.size(0), n = conv.groups;
  const WinogradKernels<Points>& kernels = winograd_kernels<Points>();
  Pass pass;
  pass.seen = empty_points<Points>({kPoints * n, shape.tiles(), in / n});
  for_all_tiles(shape.of(in, n), [&](const WinogradRange& range) {
    kernels.input(range, rows.const_data_ptr<float>(), points_of<Points>(pass.seen));
  });
  pass.weight_seen = weight_points<Points>(conv);
  at::Tensor products = empty_points<Points>({kPoints * n, shape.tiles(), out / n});
  multiply(products, pass.seen, pass.weight_seen.transpose(1, 2));
  pass.rows = at::empty({shape.batch, shape.frames, out}, rows.options());
  const at::Tensor bias = conv.bias.contiguous();
  for_all_tiles(shape.of(out, n), [&](const WinogradRange& range) {
    kernels.output(range, const_points_of<Points>(products), bias.const_data_ptr<float>(),
                   data_or_null(added), relu, pass.rows.mutable_data_ptr<float>());
  });
  return pass;
}

Pass forward_pass(const at::Tensor& rows, const ConvWeights& conv, bool relu,
                  const at::Tensor& added = {}) {
  return products_in_bf16() ? forward_pass_in<Bfloat16>(rows, conv, relu, added)
                            : forward_pass_in<float>(rows, conv, relu, added);
}

struct Gradients {
  at::Tensor rows;  // [B, T, C]; undefined if not wanted
  at::Tensor weight, bias;
};

struct Backward {
  at::Tensor rows;       // gradient of the output, [B, T, O]
  at::Tensor kept = {};  // [B, T, O]: only where this is above 0 (relu); undefined: everywhere
  at::Tensor seen, weight_seen;
  std::int64_t groups = 1;
  bool wants_rows = true;
  at::Tensor added = {};  // [B, T, C] or undefined: added to the input's gradient
};

template <class Points>
Gradients backward_pass_in(const Backward& given) {
  const Shape shape{given.rows.size(0), given.rows.size(1)};
  const std::int64_t n = given.groups, out = given.rows.size(2), in = given.seen.size(2) * n;
  const WinogradKernels<Points>& kernels = winograd_kernels<Points>();
  at::Tensor points = empty_points<Points>({kPoints * n, shape.tiles(), out / n});
  for_all_tiles(shape.of(out, n), [&](const WinogradRange& range) {
    kernels.output_gradient(range, given.rows.const_data_ptr<float>(), data_or_null(given.kept),
                            points_of<Points>(points));
  });
  Gradients gradients;
  // The second point is the sum of a tile's frames.
  gradients.bias = points.narrow(0, n, n).sum(1, /*keepdim=*/false, at::kFloat).flatten();
  at::Tensor weight_points = empty_points<Points>(given.weight_seen.sizes());
  multiply(weight_points, points.transpose(1, 2), given.seen);
  const std::int64_t count = out * (in / n);
  gradients.weight = at::empty({out, in / n, 3}, given.rows.options());
  const Points* from = const_points_of<Points>(weight_points);
  float* to = gradients.weight.mutable_data_ptr<float>();
  at::parallel_for(0, count, 16384, [&](std::int64_t first, std::int64_t last) {
    kernels.weights_gradient(from + first, count, last - first, to + 3 * first);
  });
  if (!given.wants_rows) return gradients;
  at::Tensor products = empty_points<Points>(given.seen.sizes());
  multiply(products, points, given.weight_seen);
  gradients.rows = at::empty({shape.batch, shape.frames, in}, given.rows.options());
  for_all_tiles(shape.of(in, n), [&](const WinogradRange& range) {
    kernels.input_gradient(range, const_points_of<Points>(products), data_or_null(given.added),
                           gradients.rows.mutable_data_ptr<float>());
  });
  return gradients;
}

Gradients backward_pass(const Backward& given) {
  return given.seen.scalar_type() == at::kBFloat16 ? backward_pass_in<Bfloat16>(given)
                                                   : backward_pass_in<float>(given);
}

at::Tensor from_rows(const at::Tensor& rows) {
  return rows.defined() ? rows.transpose(1, 2) : rows;
}

struct ConvFunction : Function<ConvFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const at::Tensor& bias, std::int64_t groups, bool relu) {
    const Pass pass = forward_pass(to_rows(x), {weight, bias, groups}, relu);
    const at::Tensor y = pass.rows.transpose(1, 2);
    context->saved_data["groups"] = groups;
    context->saved_data["relu"] = relu;
    context->save_for_backward(relu ? variable_list{pass.seen, pass.weight_seen, y}
                                    : variable_list{pass.seen, pass.weight_seen});
    return y;
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradient) {
    const variable_list saved = context->get_saved_variables();
    const bool relu = context->saved_data["relu"].toBool();
    const Gradients gradients = backward_pass({.rows = to_rows(gradient[0]),
                                               .kept = relu ? to_rows(saved[2]) : at::Tensor(),
                                               .seen = saved[0],
                                               .weight_seen = saved[1],
                                               .groups = context->saved_data["groups"].toInt(),
                                               .wants_rows = context->needs_input_grad(0)});
    return {from_rows(gradients.rows), gradients.weight, gradients.bias, {}, {}};
  }
};

struct ResidualFunction : Function<ResidualFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& weight1, const at::Tensor& bias1,
                            const at::Tensor& weight2, const at::Tensor& bias2,
                            std::int64_t groups) {
    const at::Tensor rows = to_rows(x);
    const Pass first = forward_pass(rows, {weight1, bias1, groups}, /*relu=*/true);
    const Pass second = forward_pass(first.rows, {weight2, bias2, groups}, /*relu=*/false, rows);
    context->saved_data["groups"] = groups;
    context->save_for_backward(
        {first.seen, first.weight_seen, first.rows, second.seen, second.weight_seen});
    return second.rows.transpose(1, 2);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradient) {
    const variable_list saved = context->get_saved_variables();
    const std::int64_t groups = context->saved_data["groups"].toInt();
    const at::Tensor rows = to_rows(gradient[0]);
    const Gradients second =
        backward_pass({.rows = rows, .seen = saved[3], .weight_seen = saved[4], .groups = groups});
    const Gradients first = backward_pass({.rows = second.rows,
                                           .kept = saved[2],
                                           .seen = saved[0],
                                           .weight_seen = saved[1],
                                           .groups = groups,
                                           .wants_rows = context->needs_input_grad(0),
                                           .added = rows});
    return {from_rows(first.rows), first.weight, first.bias, second.weight, second.bias, {}};
  }
};

}  // namespace

bool winograd_fits(const at::Tensor& x, const ConvWeights& conv) {
  return fast_training_fits(x) && conv.weight.scalar_type() == at::kFloat &&
         conv.weight.requires_grad();
}

at::Tensor winograd_conv(const at::Tensor& x, const ConvWeights& conv, bool relu) {
  return ConvFunction::apply(x, conv.weight, conv.bias, conv.groups, relu);
}

at::Tensor winograd_residual(const at::Tensor& x, const ConvWeights& first,
                             const ConvWeights& second) {
  return ResidualFunction::apply(x, first.weight, first.bias, second.weight, second.bias,
                                 first.groups);
}

}  // namespace minet::models
