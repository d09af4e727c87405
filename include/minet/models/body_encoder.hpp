// The body encoder (paper section 3.3): a bidirectional GRU over the keypoints of a clip; its last
// hidden states are the body vector h. Keypoints are normalised before (pose/prepare.hpp).
// Letters: B batch, P pose frames, H body vector width.
#pragma once

#include <ATen/core/Generator.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/rnn.h>
#include <torch/nn/pimpl.h>

#include <cstdint>

#include "minet/config/train_config.hpp"

namespace minet::models {

inline constexpr std::int64_t kPoseValues = 94;  // x, y of 47 joints

class BodyEncoderImpl : public torch::nn::Module {
 public:
  explicit BodyEncoderImpl(const config::BodyConfig& config);
  // pose [B, P, 94] float32 -> [B, H]: the last layer's forward state after the last frame, then
  // its backward state after the first.
  at::Tensor forward(const at::Tensor& pose);
  void initialise(at::Generator generator);  // PyTorch's default: uniform in +-1/sqrt(hidden)

  const config::BodyConfig config;

 private:
  torch::nn::GRU gru_{nullptr};
};
TORCH_MODULE(BodyEncoder);

}  // namespace minet::models
