// The GRU between a prior's input and output.
#include "minet/models/prior_gru.hpp"

#include <ATen/ATen.h>

#include "minet/models/precision.hpp"
#include "models/checks.hpp"
#include "models/gru.hpp"
#include "models/initialise.hpp"
#include "models/layers.hpp"

namespace minet::models {

PriorGruImpl::PriorGruImpl(const config::TrainConfig& given) : PriorImpl(given) {
  const std::int64_t width = config.prior_width(), layers = config.prior.layers;
  if (config.content.enabled) {
    bridge_ = register_module("bridge", make_linear(width, layers * width));
  }
  decoder_ = register_module(
      "decoder",
      make_gru({.in = width, .hidden = width, .layers = layers, .dropout = config.prior.dropout}));
  if (crosses()) {
    norm_cross_ = register_module("norm_cross", make_layer_norm(width));
    cross_ = register_module(
        "cross",
        CrossAttention(BlockConfig{.width = width,
                                   .heads = config.prior.heads,
                                   .dropout = config.prior.dropout,
                                   .band = {.context = config.prior.context, .causal = false},
                                   .cross = true}));
  }
  register_output();
}

at::Tensor PriorGruImpl::first_state(const at::Tensor& memory, const at::Tensor& present) {
  const std::int64_t half = config.prior_width() / 2, steps = memory.size(1);
  // The encoder's last layer: the forward state after the last step, the backward after the first.
  const at::Tensor last = at::cat(
      {memory.select(1, steps - 1).narrow(1, 0, half), memory.select(1, 0).narrow(1, half, half)},
      1);  // [B, W]
  at::Tensor state = bridge_->forward(last).tanh().view(
      {memory.size(0), config.prior.layers, config.prior_width()});  // [B, L, W]
  if (present.defined()) state = state * present;
  return state.transpose(0, 1).contiguous();
}

at::Tensor PriorGruImpl::run(at::Tensor x, const RotaryTable& rotary, const CrossInput& content) {
  const bool notes = content.memory.defined();
  // The recurrence needs input and state in the type of its weights, even if the products around it
  // are in a shorter one.
  const at::ScalarType type = decoder_->parameters().front().scalar_type();
  const at::Tensor state =
      notes ? first_state(content.memory, content.present).to(type) : at::Tensor();
  {
    const NoAutocast exact;
    x = std::get<0>(forward_through(decoder_, x.to(type), state));  // [B, T, W]
  }
  if (!crosses() || !notes) return x;
  const at::Tensor seen = cross_->forward(norm_cross_->forward(x), content.memory, rotary, rotary);
  return content.present.defined() ? at::addcmul(x, seen, content.present) : x + seen;
}

void PriorGruImpl::begin(PriorCache& cache, const at::Tensor& memory, const RotaryTable& rotary) {
  const std::int64_t width = config.prior_width();
  if (!memory.defined()) {
    cache.state = at::zeros({config.prior.layers, cache.batch, width},
                            decoder_->parameters().front().options().requires_grad(false));
    return;
  }
  require(cache.first == 0, "a GRU prior expected the notes of all steps, got those from step ",
          cache.first);
  cache.state = first_state(memory, cache.present);
  if (!crosses()) return;
  cache.blocks.resize(1);
  cache.blocks.front().cross = cross_->key_values(memory, rotary);
}

at::Tensor PriorGruImpl::advance(PriorCache& cache, at::Tensor x, const StepPlace& place) {
  at::Tensor state;
  std::tie(x, state) = decoder_->forward(x, cache.state);  // [B, 1, W], [L, B, W]
  cache.state.copy_(state);                                // in place: see device_graph.hpp
  if (cache.blocks.empty()) return x;
  const at::Tensor seen = cross_->step(norm_cross_->forward(x), place, cache.blocks.front().cross);
  return cache.present.defined() ? at::addcmul(x, seen, cache.present) : x + seen;
}

void PriorGruImpl::initialise_network(at::Generator generator) {
  if (!bridge_.is_empty()) draw_linear(bridge_, kTransformerDeviation, generator);
  draw_gru(decoder_, config.prior_width(), generator);
  if (!cross_.is_empty()) cross_->initialise(generator);
}

}  // namespace minet::models
