#include "models/cpu/fused_gru.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "models/cpu/training_kernels.hpp"

namespace minet::models {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

// One direction of one layer: x [P, B, in] -> its states [P, B, H].
struct GruFunction : Function<GruFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& given,
                            const at::Tensor& w_ih, const at::Tensor& w_hh, const at::Tensor& b_ih,
                            const at::Tensor& b_hh, bool backwards) {
    const at::Tensor x = given.contiguous();
    const std::int64_t steps = x.size(0), batch = x.size(1), hidden = w_hh.size(1);
    const at::Tensor input = at::addmm(b_ih, x.view({steps * batch, -1}), w_ih.t());
    const at::Tensor recurrent = at::empty({steps, batch, 3 * hidden}, x.options());
    const at::Tensor gates = at::empty_like(recurrent);
    const at::Tensor states = at::empty({steps, batch, hidden}, x.options());
    const at::Tensor turned = w_hh.t();
    const TrainingKernels& kernels = training_kernels();
    at::Tensor before = at::zeros({batch, hidden}, x.options());
    for (std::int64_t i = 0; i < steps; ++i) {
      const std::int64_t step = backwards ? steps - 1 - i : i;
      at::Tensor into = recurrent[step];
      at::addmm_out(into, b_hh, before, turned);
      const std::int64_t offset = step * batch * hidden;
      kernels.gru({.input = input.const_data_ptr<float>() + 3 * offset,
                   .recurrent = recurrent.const_data_ptr<float>() + 3 * offset,
                   .before = before.const_data_ptr<float>(),
                   .gates = gates.data_ptr<float>() + 3 * offset,
                   .after = states.data_ptr<float>() + offset,
                   .count = batch,
                   .hidden = hidden,
                   .after_stride = hidden});
      before = states[step];
    }
    context->saved_data["backwards"] = backwards;
    context->save_for_backward({x, w_ih, w_hh, recurrent, gates, states});
    return states;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &w_ih = saved[1], &w_hh = saved[2], &recurrent = saved[3],
                     &gates = saved[4], &states = saved[5];
    const bool backwards = context->saved_data["backwards"].toBool();
    const std::int64_t steps = x.size(0), batch = x.size(1), hidden = w_hh.size(1);
    const at::Tensor input = at::empty_like(recurrent), back = at::empty_like(recurrent);
    const at::Tensor kept = at::empty({batch, hidden}, x.options());
    const at::Tensor start = at::zeros({batch, hidden}, x.options());
    const TrainingKernels& kernels = training_kernels();
    at::Tensor carried = at::zeros({batch, hidden}, x.options());
    for (std::int64_t i = steps - 1; i >= 0; --i) {
      const std::int64_t step = backwards ? steps - 1 - i : i;
      const std::int64_t offset = step * batch * hidden;
      carried.add_(gradients[0][step]);
      const at::Tensor before = i == 0 ? start : states[backwards ? step + 1 : step - 1];
      kernels.gru_gradient({.recurrent = recurrent.const_data_ptr<float>() + 3 * offset,
                            .before = before.const_data_ptr<float>(),
                            .gates = gates.const_data_ptr<float>() + 3 * offset,
                            .after = carried.const_data_ptr<float>(),
                            .input = input.data_ptr<float>() + 3 * offset,
                            .recurrent_to = back.data_ptr<float>() + 3 * offset,
                            .before_to = kept.data_ptr<float>(),
                            .count = batch,
                            .hidden = hidden});
      at::addmm_out(carried, kept, back[step], w_hh);
    }
    const at::Tensor rows = input.view({steps * batch, 3 * hidden});
    const at::Tensor back_rows = back.view({steps * batch, 3 * hidden});
    at::Tensor w_hh_to = at::zeros_like(w_hh);
    if (steps > 1) {  // the first step starts from zeros
      const auto later = back.narrow(0, backwards ? 0 : 1, steps - 1).reshape({-1, 3 * hidden});
      const auto earlier = states.narrow(0, backwards ? 1 : 0, steps - 1).reshape({-1, hidden});
      w_hh_to = at::mm(later.t(), earlier);
    }
    return {context->needs_input_grad(0) ? at::mm(rows, w_ih).view(x.sizes()) : at::Tensor(),
            at::mm(rows.t(), x.view({steps * batch, -1})),
            w_hh_to,
            rows.sum(0),
            back_rows.sum(0),
            {}};
  }
};

}  // namespace

at::Tensor fused_gru_states(const at::Tensor& x, const std::vector<at::Tensor>& weights) {
  at::Tensor rows = x.transpose(0, 1);  // [P, B, in]
  const std::size_t layers = weights.size() / 8;
  for (std::size_t layer = 0;; ++layer) {
    at::Tensor ways[2];  // [P, B, H]
    for (std::size_t way = 0; way < 2; ++way) {
      const at::Tensor* w = weights.data() + 8 * layer + 4 * way;
      ways[way] = GruFunction::apply(rows, w[0], w[1], w[2], w[3], way == 1);
    }
    if (layer + 1 == layers) return at::cat({ways[0][-1], ways[1][0]}, 1);
    rows = at::cat({ways[0], ways[1]}, 2);
  }
}

}  // namespace minet::models
