// The Graph-Transformer baseline: the graph network's output, averaged over the joints, is the
// memory that a causal transformer decoder attends to. Rotary positions are in spectrogram frames
// on both sides, so that a frame can attend to the movement at its own time.
#pragma once

#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include "minet/models/attention.hpp"
#include "minet/models/baseline.hpp"
#include "models/graph_network.hpp"

namespace minet::models {

class GraphTransformerImpl : public BaselineImpl {
 public:
  explicit GraphTransformerImpl(const config::TrainConfig& config);
  at::Tensor forward(const at::Tensor& pose, const at::Tensor& target) override;
  void initialise(at::Generator generator) override;

 protected:
  at::Tensor generate_frames(const at::Tensor& pose, std::int64_t frames) override;
  at::Tensor pose_feature(const at::Tensor& pose) override;

 private:
  at::Tensor remember(const at::Tensor& pose);  // [B, P / stride, W]
  RotaryTable memory_positions(const at::Tensor& memory);
  std::int64_t head_width() const {
    return config.graph_transformer.width / config.graph_transformer.heads;
  }

  GraphNetwork graph_{nullptr};
  torch::nn::Linear memory_{nullptr};  // [W, C]
  torch::nn::Linear frame_{nullptr};   // [W, F]
  at::Tensor start_;                   // [W]: stands for the frame before the first
  torch::nn::ModuleList blocks_;
  torch::nn::LayerNorm norm_out_{nullptr};
  torch::nn::Linear head_{nullptr};  // [F, W]
  RotaryMemory rotary_, memory_rotary_;
};

}  // namespace minet::models
