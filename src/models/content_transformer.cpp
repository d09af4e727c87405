// The content transformer.
#include "minet/models/content_transformer.hpp"

#include <ATen/ATen.h>

#include "models/checks.hpp"
#include "models/initialise.hpp"

namespace minet::models {

ContentTransformerImpl::ContentTransformerImpl(const config::TrainConfig& given) : config(given) {
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
  require(notes.dim() == 2 && notes.size(1) >= 1 && notes.scalar_type() == at::kLong,
          "the content transformer expected notes [B, T] int64, got ", notes.sizes(), " of type ",
          notes.scalar_type());
  const std::int64_t batch = notes.size(0), steps = notes.size(1);
  if (notes.is_cpu() && notes.numel() > 0) {
    const std::int64_t low = notes.min().item<std::int64_t>();
    const std::int64_t high = notes.max().item<std::int64_t>();
    require(low >= 0 && high < kNoteSymbols, "expected notes from 0 (rest) to ", kNoteSymbols - 1,
            " (1 + MIDI pitch), got some from ", low, " to ", high);
  }
  require(body.size(-1) == config.body_width() && body.size(0) == batch &&
              (body.dim() == 2 || (body.dim() == 3 && body.size(1) == steps)),
          "the content transformer expected the body vector [", batch, ", ", config.body_width(),
          "] or [", batch, ", ", steps, ", ", config.body_width(), "], got ", body.sizes());
  const at::Tensor h = body.dim() == 3 ? body : body.unsqueeze(1).expand({-1, steps, -1});
  at::Tensor x = at::cat({embedding_->forward(notes), h}, 2);  // [B, T, W]
  x = at::dropout(x, config.prior.dropout, is_training());
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
