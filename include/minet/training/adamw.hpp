// AdamW over named parameters (Loshchilov and Hutter, https://arxiv.org/abs/1711.05101), as
// torch.optim.AdamW computes it, through LibTorch's fused kernel. Unlike torch::optim its state has
// names, so that a checkpoint can be compared with the model before it is loaded.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "minet/config/train_config.hpp"

namespace minet::training {

struct NamedParameter {
  std::string name;
  at::Tensor tensor;    // a leaf that requires a gradient
  bool decays = false;  // weight decay applies
};

class AdamW {
 public:
  AdamW(std::vector<NamedParameter> parameters, const config::StageConfig& stage);

  void zero_grad();
  // Makes the next step scale the gradients to a total norm of at most `max_norm`; returns the norm
  // before that, [] on the parameters' device. Parameters without a gradient count as 0.
  at::Tensor clip_gradients(double max_norm);
  // Of the steps from now on. Apart from `step`, so that a step can be recorded
  // (models/device_graph.hpp).
  void set_learning_rate(double rate);
  // Changes nothing if the norm of the gradients was not finite.
  void step();
  // Whether any norm since the last call was not finite. Synchronises with the device.
  bool take_failure();

  const std::vector<NamedParameter>& parameters() const { return parameters_; }

  // State under "<prefix><name>.mean", ".square" and "<prefix>step".
  void save_state(std::map<std::string, at::Tensor>& tensors, const std::string& prefix) const;
  void load_state(const std::map<std::string, at::Tensor>& tensors, const std::string& prefix);

 private:
  struct Group {
    double decay = 0;
    std::vector<at::Tensor> parameters, means, squares, steps;
  };
  Group& group_of(const NamedParameter& parameter) { return groups_[parameter.decays ? 1 : 0]; }

  std::vector<NamedParameter> parameters_;
  std::vector<at::Tensor> means_, squares_, steps_;  // by parameter; shared with the groups
  Group groups_[2];                                  // without and with weight decay
  at::Tensor divisor_, not_finite_;  // [] of this step, set by clip_gradients; else undefined
  at::Tensor failed_;                // [] 1 once a norm was not finite
  double beta1_, beta2_, rate_ = 0;
  at::Tensor rate_on_device_;  // [] the same where steps may be recorded; undefined on a CPU
};

// lr * warm-up * cosine, for step s counted from 0 (docs/networks.md, "Optimiser").
double learning_rate(const config::StageConfig& stage, std::int64_t step);

}  // namespace minet::training
