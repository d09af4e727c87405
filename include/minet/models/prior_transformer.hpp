// The paper's prior: a GPT-1 style transformer over codes, which attends to the notes by
// cross-attention. Letters: B batch, T codes, W width.
#pragma once

#include <torch/nn/modules/container/modulelist.h>

#include "minet/models/prior.hpp"

namespace minet::models {

class PriorTransformerImpl : public PriorImpl {
 public:
  explicit PriorTransformerImpl(const config::TrainConfig& config);

 private:
  at::Tensor run(at::Tensor x, const RotaryTable& rotary, const CrossInput& content) override;
  void begin(PriorCache& cache, const at::Tensor& memory, const RotaryTable& rotary) override;
  at::Tensor advance(PriorCache& cache, at::Tensor x, const StepPlace& place) override;
  void initialise_network(at::Generator generator) override;

  torch::nn::ModuleList blocks_;
};

}  // namespace minet::models
