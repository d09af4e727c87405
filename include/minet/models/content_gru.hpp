// The paper's ablation of the content transformer (section 4): a GRU Seq2Seq. A bidirectional GRU
// reads notes and body vector; a decoder starts from its last states and, as there is one output a
// note step, reads the encoder's output of that step, so that 250 notes need not fit into one
// state. Letters: B batch, T note steps, H body width, W = code width + H.
#pragma once

#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/rnn.h>

#include "minet/models/content_model.hpp"

namespace minet::models {

class ContentGruImpl : public ContentModelImpl {
 public:
  explicit ContentGruImpl(const config::TrainConfig& config);
  at::Tensor forward(const at::Tensor& notes, const at::Tensor& body) override;
  // PyTorch's defaults: uniform in +-1/sqrt(width of the state) for the GRUs; N(0, 0.02) otherwise,
  // as the content transformer.
  std::optional<std::int64_t> reach() const override { return std::nullopt; }
  void initialise(at::Generator generator) override;

 private:
  torch::nn::Embedding embedding_{nullptr};  // [129, W - H]
  torch::nn::GRU encoder_{nullptr};          // W -> W / 2 in each direction
  torch::nn::GRU decoder_{nullptr};          // W -> W
  torch::nn::Linear fc_{nullptr};            // [W, W]
};
TORCH_MODULE(ContentGru);

}  // namespace minet::models
