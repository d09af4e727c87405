// The note encoder of the GRU Seq2Seq.
#include "minet/models/content_gru.hpp"

#include <ATen/ATen.h>

#include "minet/models/precision.hpp"
#include "models/checks.hpp"
#include "models/gru.hpp"
#include "models/initialise.hpp"
#include "models/layers.hpp"

namespace minet::models {

ContentGruImpl::ContentGruImpl(const config::TrainConfig& given) : ContentModelImpl(given) {
  const std::int64_t width = config.prior_width();
  require(width % 2 == 0, "a GRU encoder of notes expected an even width, got ", width,
          "; change vqvae.code_width");
  embedding_ = register_module("embedding", torch::nn::Embedding(torch::nn::EmbeddingOptions(
                                                kNoteSymbols, width - config.body_width())));
  encoder_ = register_module("encoder", make_gru({.in = width,
                                                  .hidden = width / 2,
                                                  .layers = config.content.layers,
                                                  .both_ways = true,
                                                  .dropout = config.prior.dropout}));
}

at::Tensor ContentGruImpl::forward(const at::Tensor& notes, const at::Tensor& body) {
  check(notes, body);
  at::Tensor x =
      at::cat({embedding_->forward(notes), body_of_steps(body, notes.size(1))}, 2);  // [B, T, W]
  x = at::dropout(x, config.prior.dropout, is_training());
  const NoAutocast exact;
  return std::get<0>(forward_through(encoder_, x));  // [B, T, W]
}

void ContentGruImpl::initialise(at::Generator generator) {
  draw_normal(embedding_->weight, kTransformerDeviation, generator);
  draw_gru(encoder_, config.prior_width() / 2, generator);
}

}  // namespace minet::models
