// The note encoder, which turns notes into the memory that the prior attends to: the paper's
// content transformer (content_transformer.hpp), or the encoder of its GRU-Seq2Seq
// (content_gru.hpp).
#pragma once

#include <ATen/core/Generator.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <optional>

#include "minet/config/train_config.hpp"

namespace minet::models {

inline constexpr std::int64_t kNoteSymbols = 129;  // 0 = rest, 1 + MIDI pitch

class ContentModelImpl : public torch::nn::Module {
 public:
  explicit ContentModelImpl(const config::TrainConfig& given) : config(given) {}
  // notes [B, T] int64 in 0..128, body [B, H] or [B, T, H] -> [B, T, W]
  virtual at::Tensor forward(const at::Tensor& notes, const at::Tensor& body) = 0;
  // How many steps on either side of a step its row depends on; nullopt: all of them.
  virtual std::optional<std::int64_t> reach() const = 0;
  virtual void initialise(at::Generator generator) = 0;

  const config::TrainConfig
      config;  // vqvae.code_width, body, prior.context and content matter here

 protected:
  // InputError for inputs that forward does not accept.
  void check(const at::Tensor& notes, const at::Tensor& body) const;
};
TORCH_MODULE(ContentModel);

// The content model for the prior that prior.kind names.
ContentModel make_content(const config::TrainConfig& config);

}  // namespace minet::models
