// The VQ-VAE of log-spectrograms (paper section 3.2): one code per frame. These are the networks;
// the optimiser, the codebook's initialisation and its EMA updates belong to training.
// Letters: B batch, F frequency bins, T frames, C channels, D code width, K codes.
#pragma once

#include <ATen/core/Generator.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/pimpl.h>

#include <cstdint>

#include "minet/config/train_config.hpp"
#include "minet/models/blocks.hpp"
#include "minet/models/vector_quantizer.hpp"

namespace minet::models {

// stem -> ReLU -> MBR blocks (many bands first) -> residual blocks -> head.
// forward: [B, F, T] -> [B, D, T]
class EncoderImpl : public torch::nn::Module {
 public:
  EncoderImpl(const config::VqVaeConfig& config, std::int64_t bins);
  at::Tensor forward(const at::Tensor& spectrogram);
  void initialise(at::Generator generator);
  const config::VqVaeConfig config;

 private:
  Conv3 stem_{nullptr};  // [C, F, 3]
  torch::nn::ModuleList mbr_;
  torch::nn::ModuleList res_;
  Conv3 head_{nullptr};  // [D, C, 3]
};
TORCH_MODULE(Encoder);

// Mirrors the encoder: stem -> ReLU -> residual blocks -> MBR blocks (few bands first) -> head.
// forward: [B, D, T] -> [B, F, T]
class DecoderImpl : public torch::nn::Module {
 public:
  DecoderImpl(const config::VqVaeConfig& config, std::int64_t bins);
  at::Tensor forward(const at::Tensor& quantised);
  void initialise(at::Generator generator);
  const config::VqVaeConfig config;

 private:
  Conv3 stem_{nullptr};  // [C, D, 3]
  torch::nn::ModuleList res_;
  torch::nn::ModuleList mbr_;
  Conv3 head_{nullptr};  // [F, C, 3]
};
TORCH_MODULE(Decoder);

struct VqVaeOutput {
  at::Tensor reconstruction;       // [B, F, T]
  at::Tensor codes;                // [B, T] int64; undefined without quantising
  at::Tensor encoded;              // [B, D, T]: E(S), with its gradient
  at::Tensor reconstruction_loss;  // []: mean (S - D(e))^2
  at::Tensor commitment_loss;      // []: mean (E(S) - sg[e])^2, not weighted; 0 without quantising
  at::Tensor loss;                 // []: reconstruction_loss + beta * commitment_loss
};

class VqVaeImpl : public torch::nn::Module {
 public:
  VqVaeImpl(const config::VqVaeConfig& config, std::int64_t bins);

  // spectrogram [B, F, T] float32, standardised. Without `quantise` the decoder gets E(S): the
  // plain autoencoder steps before the codebook starts.
  VqVaeOutput forward(const at::Tensor& spectrogram, bool quantise = true);
  at::Tensor encode(const at::Tensor& spectrogram);  // [B, F, T] -> [B, T] int64; no gradient
  at::Tensor decode(const at::Tensor& codes);        // [B, T] int64 -> [B, F, T]

  // The same in chunks of `chunk` frames with margin() frames on both sides, so that memory does
  // not grow with T. No gradient. Equal to one pass over the whole, up to rounding differences
  // between convolution shapes.
  at::Tensor encode_long(const at::Tensor& spectrogram, std::int64_t chunk = 2048);
  // [B, T] -> [B, F, frames]: `frames` frames of the whole's output starting at `first`.
  at::Tensor decode_part(const at::Tensor& codes, std::int64_t first, std::int64_t frames);

  // Frames on each side that one encoder or decoder output depends on: its number of convolutions.
  std::int64_t margin() const;

  // PyTorch's default for convolutions, N(0, 1) for codes until k-means sets them.
  void initialise(at::Generator generator);

  const config::VqVaeConfig config;
  const std::int64_t bins;  // F
  Encoder encoder{nullptr};
  VectorQuantizer quantizer{nullptr};
  Decoder decoder{nullptr};
};
TORCH_MODULE(VqVae);

// The quantised value with the encoder's gradient (straight-through): forward e, backward d/dz.
at::Tensor straight_through(const at::Tensor& encoded, const at::Tensor& quantised);

}  // namespace minet::models
