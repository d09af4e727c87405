// The content transformer (paper section 3.4): the note of each step and the body vector -> the
// memory that the prior looks at. It looks both ways inside the band of `context` steps.
// Letters: B batch, T note steps, H body width, W = code width + H.
#pragma once

#include <ATen/core/Generator.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>
#include <torch/nn/pimpl.h>

#include <cstdint>

#include "minet/config/train_config.hpp"
#include "minet/models/attention.hpp"

namespace minet::models {

inline constexpr std::int64_t kNoteSymbols = 129;  // 0 = rest, 1 + MIDI pitch

class ContentTransformerImpl : public torch::nn::Module {
 public:
  explicit ContentTransformerImpl(const config::TrainConfig& config);
  // notes [B, T] int64 in 0..128, body [B, H] or [B, T, H] -> [B, T, W]
  at::Tensor forward(const at::Tensor& notes, const at::Tensor& body);
  void initialise(at::Generator generator);

  const config::TrainConfig
      config;  // vqvae.code_width, body, prior.context and content matter here

 private:
  torch::nn::Embedding embedding_{nullptr};  // [129, W - H]
  torch::nn::ModuleList blocks_;
  torch::nn::LayerNorm norm_out_{nullptr};
  torch::nn::Linear fc_{nullptr};  // [W, W]
};
TORCH_MODULE(ContentTransformer);

}  // namespace minet::models
