// The content transformer.
#include "minet/models/content_transformer.hpp"

#include <ATen/ATen.h>

#include "minet/models/attention.hpp"
#include "models/initialise.hpp"
#include "models/layers.hpp"

namespace minet::models {

ContentTransformerImpl::ContentTransformerImpl(const config::TrainConfig& given)
    : ContentModelImpl(given) {
  const std::int64_t width = config.prior_width();
  embedding_ = register_module("embedding", torch::nn::Embedding(torch::nn::EmbeddingOptions(
                                                kNoteSymbols, width - config.body_width())));
  blocks_ = register_module("blocks",
                            make_blocks({.width = width,
                                         .heads = config.content.heads,
                                         .ffn = config.content.ffn,
                                         .layers = config.content.layers,
                                         .dropout = config.prior.dropout,
                                         .band = {.context = config.prior.context, .causal = false},
                                         .cross = false}));
  norm_out_ = register_module("norm_out", make_layer_norm(width));
  fc_ = register_module("fc", make_linear(width, width));
}

at::Tensor ContentTransformerImpl::forward(const at::Tensor& notes, const at::Tensor& body) {
  check(notes, body);
  const std::int64_t steps = notes.size(1);
  at::Tensor x = at::cat({embedding_->forward(notes), body_of_steps(body, steps)}, 2);  // [B, T, W]
  x = at::dropout(x, config.prior.dropout, is_training());
  const RotaryTable rotary = rotary_.get(
      {.count = steps, .head_width = config.prior_width() / config.content.heads}, x.options());
  for (const auto& module : *blocks_) {
    x = module->as<BlockImpl>()->forward(x, rotary);  // [B, T, W]
  }
  return fc_->forward(norm_out_->forward(x));  // [B, T, W]
}

void ContentTransformerImpl::initialise(at::Generator generator) {
  draw_normal(embedding_->weight, kTransformerDeviation, generator);
  for (const auto& module : *blocks_) module->as<BlockImpl>()->initialise(generator);
  draw_linear(fc_, kTransformerDeviation, generator);
}

}  // namespace minet::models
