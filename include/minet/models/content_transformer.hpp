// The content transformer (paper section 3.4): the note of each step and the body vector -> the
// memory that the prior attends to. Attention is bidirectional within the band of `context` steps.
// Letters: B batch, T note steps, H body width, W = code width + H.
#pragma once

#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include "minet/models/attention.hpp"
#include "minet/models/content_model.hpp"

namespace minet::models {

class ContentTransformerImpl : public ContentModelImpl {
 public:
  explicit ContentTransformerImpl(const config::TrainConfig& config);
  at::Tensor forward(const at::Tensor& notes, const at::Tensor& body) override;
  std::optional<std::int64_t> reach() const override {
    return config.content.layers * (config.prior.context - 1);
  }
  void initialise(at::Generator generator) override;

 private:
  torch::nn::Embedding embedding_{nullptr};  // [129, W - H]
  torch::nn::ModuleList blocks_;
  torch::nn::LayerNorm norm_out_{nullptr};
  torch::nn::Linear fc_{nullptr};  // [W, W]
  RotaryMemory rotary_;
};
TORCH_MODULE(ContentTransformer);

}  // namespace minet::models
