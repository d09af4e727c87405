// The decoder of the paper's GRU-Seq2Seq (section 4, table 5): a GRU over codes that starts from
// the encoder's last states (content_gru.hpp) and is given the states of all steps as set by
// content.alignment, like the transformer. Attention comes after the recurrence
// (Luong et al., arXiv 1508.04025, without input feeding), so that a training clip is one pass.
// Letters: B batch, T codes, W width, L layers.
#pragma once

#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>
#include <torch/nn/modules/rnn.h>

#include "minet/models/prior.hpp"

namespace minet::models {

class PriorGruImpl : public PriorImpl {
 public:
  explicit PriorGruImpl(const config::TrainConfig& config);

 private:
  at::Tensor run(at::Tensor x, const RotaryTable& rotary, const CrossInput& content) override;
  void begin(PriorCache& cache, const at::Tensor& memory, const RotaryTable& rotary) override;
  at::Tensor advance(PriorCache& cache, at::Tensor x, const StepPlace& place) override;
  void initialise_network(at::Generator generator) override;

  // memory [B, T, W], present [B, 1, 1] or undefined -> [L, B, W]
  at::Tensor first_state(const at::Tensor& memory, const at::Tensor& present);

  torch::nn::Linear bridge_{nullptr};         // [L W, W]; only with content
  torch::nn::GRU decoder_{nullptr};           // W -> W
  torch::nn::LayerNorm norm_cross_{nullptr};  // only with cross-attention
  CrossAttention cross_{nullptr};             // only with cross-attention
};

}  // namespace minet::models
