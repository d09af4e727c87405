// The GRU content model.
#include "minet/models/content_gru.hpp"

#include <ATen/ATen.h>

#include "models/checks.hpp"
#include "models/gru.hpp"
#include "models/initialise.hpp"

namespace minet::models {

ContentGruImpl::ContentGruImpl(const config::TrainConfig& given) : ContentModelImpl(given) {
  const std::int64_t width = config.prior_width(), layers = config.content.layers;
  require(width % 2 == 0, "a GRU content model of width ", width,
          " cannot be halved; change vqvae.code_width");
  embedding_ = register_module("embedding", torch::nn::Embedding(torch::nn::EmbeddingOptions(
                                                kNoteSymbols, width - config.body_width())));
  const double dropout = config.prior.dropout;
  encoder_ = register_module("encoder", make_gru({.in = width,
                                                  .hidden = width / 2,
                                                  .layers = layers,
                                                  .both_ways = true,
                                                  .dropout = dropout}));
  decoder_ = register_module(
      "decoder", make_gru({.in = width, .hidden = width, .layers = layers, .dropout = dropout}));
  fc_ = register_module("fc", torch::nn::Linear(torch::nn::LinearOptions(width, width)));
}

at::Tensor ContentGruImpl::forward(const at::Tensor& notes, const at::Tensor& body) {
  check(notes, body);
  const std::int64_t steps = notes.size(1);
  const at::Tensor h = body.dim() == 3 ? body : body.unsqueeze(1).expand({-1, steps, -1});
  at::Tensor x = at::cat({embedding_->forward(notes), h}, 2);  // [B, T, W]
  x = at::dropout(x, config.prior.dropout, is_training());
  const auto [encoded, states] = encoder_->forward(x);  // [B, T, W], [2 layers, B, W / 2]
  const at::Tensor decoded =
      std::get<0>(decoder_->forward(encoded, both_directions(states)));  // [B, T, W]
  return fc_->forward(decoded);
}

void ContentGruImpl::initialise(at::Generator generator) {
  const std::int64_t width = config.prior_width();
  draw_normal(embedding_->weight, kTransformerDeviation, generator);
  draw_gru(encoder_, width / 2, generator);
  draw_gru(decoder_, width, generator);
  draw_linear(fc_, kTransformerDeviation, generator);
}

}  // namespace minet::models
