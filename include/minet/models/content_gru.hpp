// The encoder of the paper's GRU-Seq2Seq (section 4, table 5): a bidirectional GRU over the note of
// each step and the body vector. Its decoder is prior_gru.hpp.
// Letters: B batch, T note steps, H body width, W = code width + H.
#pragma once

#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/rnn.h>

#include "minet/models/content_model.hpp"

namespace minet::models {

class ContentGruImpl : public ContentModelImpl {
 public:
  explicit ContentGruImpl(const config::TrainConfig& config);
  // The last layer's states, [forward, backward].
  at::Tensor forward(const at::Tensor& notes, const at::Tensor& body) override;
  std::optional<std::int64_t> reach() const override { return std::nullopt; }
  // PyTorch's default for the GRU, uniform in +-1/sqrt(width of the state); N(0, 0.02) for the
  // embedding, as in the content transformer.
  void initialise(at::Generator generator) override;

 private:
  torch::nn::Embedding embedding_{nullptr};  // [129, W - H]
  torch::nn::GRU encoder_{nullptr};          // W -> W / 2 in each direction
};

}  // namespace minet::models
