#include "models/gru.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "minet/core/signals.hpp"
#include "models/initialise.hpp"
#include "models/no_warnings.hpp"

namespace minet::models {
namespace {

// Each layer's weights for input and state and their biases; then those of the other direction.
std::vector<std::vector<at::Tensor>> layers_of(torch::nn::GRUImpl& gru) {
  const std::vector<at::Tensor> all = gru.all_weights();
  const std::ptrdiff_t count = gru.options.bidirectional() ? 8 : 4;
  std::vector<std::vector<at::Tensor>> layers;
  for (auto at = all.begin(); at != all.end(); at += count) layers.emplace_back(at, at + count);
  return layers;
}

// One layer in one direction, piece by piece; `input` runs in that direction.
at::Tensor outputs_one_way(const at::Tensor& input, const std::vector<at::Tensor>& weights) {
  at::Tensor state = at::zeros({1, input.size(0), weights[1].size(1)}, input.options());
  std::vector<at::Tensor> outputs;
  for (std::int64_t first = 0; first < input.size(1); first += kFramesOfCall) {
    throw_if_stopped_while("encoding movements");
    const std::int64_t end = std::min(input.size(1), first + kFramesOfCall);
    auto [output, next] =
        at::gru(input.slice(1, first, end), state, weights, true, 1, 0.0, false, false, true);
    outputs.push_back(output);
    state = next;
  }
  return at::cat(outputs, 1);
}

}  // namespace

std::tuple<at::Tensor, at::Tensor> forward_through(torch::nn::GRU& gru, const at::Tensor& input,
                                                   const at::Tensor& states) {
  const double dropout = gru->is_training() ? gru->options.dropout() : 0;
  if (dropout == 0 || input.is_cpu()) return gru->forward(input, states);
  const NoWarnings quiet;  // that cuDNN copies the weights of a single layer
  const bool both_ways = gru->options.bidirectional();
  const std::int64_t rows = both_ways ? 2 : 1;
  at::Tensor x = input;
  std::vector<at::Tensor> last_states;
  for (const std::vector<at::Tensor>& weights : layers_of(*gru)) {
    const auto done = static_cast<std::int64_t>(last_states.size());
    if (done > 0) x = at::dropout(x, dropout, true);
    const at::Tensor first = states.defined()
                                 ? states.narrow(0, rows * done, rows).contiguous()
                                 : at::zeros({rows, x.size(0), weights[1].size(1)}, x.options());
    auto [outputs, last] = at::gru(x, first, weights, true, 1, 0.0, true, both_ways, true);
    x = outputs;
    last_states.push_back(last);
  }
  return {x, at::cat(last_states)};
}

at::Tensor outputs_both_ways(torch::nn::GRU& gru, const at::Tensor& input) {
  if (at::GradMode::is_enabled() || input.size(1) <= kFramesOfCall) {
    return std::get<0>(gru->forward(input));
  }
  at::Tensor x = input;
  for (const std::vector<at::Tensor>& weights : layers_of(*gru)) {
    const at::Tensor forward = outputs_one_way(x, {weights.begin(), weights.begin() + 4});
    const at::Tensor backward =
        outputs_one_way(x.flip({1}), {weights.begin() + 4, weights.end()}).flip({1});
    x = at::cat({forward, backward}, 2);
  }
  return x;
}

at::Tensor outputs_so_far(torch::nn::GRU& gru, const at::Tensor& input, at::Tensor& state) {
  const NoWarnings quiet;  // as above
  const std::int64_t batch = input.size(0), frames = input.size(1);
  std::vector<at::Tensor> states;
  at::Tensor x = input;
  for (const std::vector<at::Tensor>& weights : layers_of(*gru)) {
    const std::int64_t hidden = weights[1].size(1);
    const auto at = static_cast<std::int64_t>(states.size());
    const at::Tensor before =
        state.defined() ? state.narrow(0, at, 1) : at::zeros({1, batch, hidden}, x.options());
    const auto [forward, last] = at::gru(x, before.contiguous(), {weights.data(), 4}, true, 1, 0.0,
                                         gru->is_training(), false, true);
    states.push_back(last);
    const at::Tensor backward =
        at::gru_cell(x.flatten(0, 1), at::zeros({batch * frames, hidden}, x.options()), weights[4],
                     weights[5], weights[6], weights[7]);
    x = at::cat({forward, backward.view({batch, frames, hidden})}, 2);
  }
  state = at::cat(states);
  return x;
}

torch::nn::GRU make_gru(const GruShape& shape) {
  return torch::nn::GRU(torch::nn::GRUOptions(shape.in, shape.hidden)
                            .num_layers(shape.layers)
                            .bidirectional(shape.both_ways)
                            .dropout(shape.layers > 1 ? shape.dropout : 0)  // torch warns otherwise
                            .batch_first(true));
}

at::Tensor both_directions(const at::Tensor& states) {
  const std::int64_t layers = states.size(0) / 2, batch = states.size(1), hidden = states.size(2);
  return states.view({layers, 2, batch, hidden})
      .transpose(1, 2)
      .reshape({layers, batch, 2 * hidden});
}

void draw_gru(torch::nn::GRU& gru, std::int64_t hidden, at::Generator generator) {
  const double bound = 1 / std::sqrt(static_cast<double>(hidden));  // PyTorch's default
  for (const at::Tensor& weight : gru->parameters()) draw_uniform(weight, bound, generator);
}

}  // namespace minet::models
