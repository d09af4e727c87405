// The content transformer.
#include "minet/models/content_transformer.hpp"

#include <ATen/ATen.h>

#include "minet/models/attention.hpp"
#include "models/cpu/fused.hpp"
#include "models/initialise.hpp"

namespace minet::models {

ContentTransformerImpl::ContentTransformerImpl(const config::TrainConfig& given)
    : ContentModelImpl(given) {
  const std::int64_t width = config.prior_width();
  embedding_ = register_module("embedding", torch::nn::Embedding(torch::nn::EmbeddingOptions(
                                                kNoteSymbols, width - config.body_width())));
  blocks_ = register_module("blocks", torch::nn::ModuleList());
  for (std::int64_t i = 0; i < config.content.layers; ++i) {
    blocks_->push_back(Block(BlockConfig{.width = width,
                                         .heads = config.content.heads,
                                         .ffn = config.content.ffn,
                                         .layers = config.content.layers,
                                         .dropout = config.prior.dropout,
                                         .band = {.context = config.prior.context, .causal = false},
                                         .cross = false}));
  }
  norm_out_ = register_module("norm_out",
                              torch::nn::LayerNorm(torch::nn::LayerNormOptions({width}).eps(1e-5)));
  fc_ = register_module("fc", torch::nn::Linear(torch::nn::LinearOptions(width, width)));
}

at::Tensor ContentTransformerImpl::forward(const at::Tensor& notes, const at::Tensor& body) {
  check(notes, body);
  const std::int64_t steps = notes.size(1);
  const at::Tensor h = body.dim() == 3 ? body : body.unsqueeze(1).expand({-1, steps, -1});
  at::Tensor x = at::cat({embedding_->forward(notes), h}, 2);  // [B, T, W]
  x = fused_dropout(x, config.prior.dropout, is_training());
  const RotaryTable rotary = make_rotary(
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
