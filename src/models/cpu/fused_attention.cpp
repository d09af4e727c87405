#include "models/cpu/fused_attention.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <optional>
#include <vector>

#include "models/cpu/training_kernels.hpp"

namespace minet::models {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

// Where queries, keys and values lie: in one tensor, [q k v], or in two, [q] and [k v].
struct Places {
  const at::Tensor &q, &kv;
  bool apart;  // q and kv are two tensors
  std::int64_t batch, steps, width;

  Places(const at::Tensor& a, const at::Tensor& b)
      : q(a),
        kv(b.defined() ? b : a),
        apart(b.defined()),
        batch(a.size(0)),
        steps(a.size(1)),
        width(apart ? a.size(2) : a.size(2) / 3) {}
  std::int64_t q_stride() const { return q.size(2); }
  std::int64_t kv_stride() const { return kv.size(2); }
  std::int64_t q_at(std::int64_t clip) const { return clip * steps * q_stride(); }
  std::int64_t k_at(std::int64_t clip) const {
    return clip * steps * kv_stride() + (apart ? 0 : width);
  }
};

HeadCall head_call(const Places& places, const RotaryTable& rotary, const AttentionShape& shape,
                   std::int64_t clip, std::int64_t head, std::vector<float>& scratch) {
  const std::int64_t wide = places.width / shape.heads;
  scratch.resize(static_cast<std::size_t>(head_scratch(places.steps, wide)));
  const float* kv = places.kv.const_data_ptr<float>() + places.k_at(clip) + head * wide;
  return {.q = places.q.const_data_ptr<float>() + places.q_at(clip) + head * wide,
          .k = kv,
          .v = kv + places.width,
          .q_stride = places.q_stride(),
          .kv_stride = places.kv_stride(),
          .cosines = rotary.cosines.const_data_ptr<float>(),
          .sines = rotary.sines.const_data_ptr<float>(),
          .steps = places.steps,
          .width = wide,
          .causal = shape.causal,
          .scale = static_cast<float>(1 / std::sqrt(static_cast<double>(wide))),
          .scratch = scratch.data()};
}

// One head's part of the output [B, T, W] and of the softmax statistics, both [B, heads, T].
HeadResult head_result(const at::Tensor& out, const at::Tensor& tops, const at::Tensor& shares,
                       std::int64_t heads, std::int64_t clip, std::int64_t head) {
  const std::int64_t steps = out.size(1), width = out.size(2);
  const std::int64_t row = (clip * heads + head) * steps;
  return {.out = out.data_ptr<float>() + clip * steps * width + head * (width / heads),
          .stride = width,
          .tops = tops.data_ptr<float>() + row,
          .shares = shares.data_ptr<float>() + row};
}

struct AttentionFunction : Function<AttentionFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& given_q,
                            const std::optional<at::Tensor>& given_kv, const at::Tensor& cosines,
                            const at::Tensor& sines, std::int64_t heads, bool causal) {
    const at::Tensor q = given_q.contiguous();
    const at::Tensor kv = given_kv ? given_kv->contiguous() : at::Tensor();
    const Places places(q, kv);
    const RotaryTable rotary{cosines.contiguous(), sines.contiguous()};
    const at::Tensor out = at::empty({places.batch, places.steps, places.width}, q.options());
    const at::Tensor tops = at::empty({places.batch, heads, places.steps}, q.options());
    const at::Tensor shares = at::empty_like(tops);
    const TrainingKernels& kernels = training_kernels();
    at::parallel_for(0, places.batch * heads, 1, [&](std::int64_t first, std::int64_t last) {
      std::vector<float> scratch;
      for (std::int64_t i = first; i < last; ++i) {
        const std::int64_t clip = i / heads, head = i % heads;
        kernels.attend(head_call(places, rotary, {heads, causal}, clip, head, scratch),
                       head_result(out, tops, shares, heads, clip, head));
      }
    });
    context->saved_data["heads"] = heads;
    context->saved_data["causal"] = causal;
    context->save_for_backward({q, kv, rotary.cosines, rotary.sines, out, tops, shares});
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &q = saved[0], &kv = saved[1], &out = saved[4];
    const std::int64_t heads = context->saved_data["heads"].toInt();
    const bool causal = context->saved_data["causal"].toBool();
    const Places places(q, kv);
    const RotaryTable rotary{saved[2], saved[3]};
    const at::Tensor gradient = gradients[0].contiguous();
    const at::Tensor q_to = at::empty_like(q);
    const at::Tensor kv_to = kv.defined() ? at::empty_like(kv) : kv;
    float* q_data = q_to.data_ptr<float>();
    float* kv_data = kv.defined() ? kv_to.data_ptr<float>() : q_data;
    const TrainingKernels& kernels = training_kernels();
    at::parallel_for(0, places.batch * heads, 1, [&](std::int64_t first, std::int64_t last) {
      std::vector<float> scratch;
      const std::int64_t wide = places.width / heads;
      for (std::int64_t i = first; i < last; ++i) {
        const std::int64_t clip = i / heads, head = i % heads;
        const HeadCall call = head_call(places, rotary, {heads, causal}, clip, head, scratch);
        float* k_to = kv_data + places.k_at(clip) + head * wide;
        kernels.attend_gradient(
            call, {.result = head_result(out, saved[5], saved[6], heads, clip, head),
                   .out = gradient.const_data_ptr<float>() + clip * places.steps * places.width +
                          head * wide,
                   .out_stride = places.width,
                   .q = q_data + places.q_at(clip) + head * wide,
                   .k = k_to,
                   .v = k_to + places.width,
                   .q_stride = places.q_stride(),
                   .kv_stride = places.kv_stride()});
      }
    });
    return {q_to, kv_to, {}, {}, {}, {}};
  }
};

}  // namespace

at::Tensor fused_attention(const at::Tensor& qkv, const RotaryTable& rotary,
                           const AttentionShape& shape) {
  return AttentionFunction::apply(qkv, std::optional<at::Tensor>(), rotary.cosines, rotary.sines,
                                  shape.heads, shape.causal);
}

at::Tensor fused_attention(const at::Tensor& q, const at::Tensor& kv, const RotaryTable& rotary,
                           const AttentionShape& shape) {
  return AttentionFunction::apply(q, std::optional<at::Tensor>(kv), rotary.cosines, rotary.sines,
                                  shape.heads, shape.causal);
}

}  // namespace minet::models
