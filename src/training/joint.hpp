// What a training step needs from the other ranks, if there are any.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <utility>
#include <vector>

#include "minet/training/adamw.hpp"
#include "minet/training/ranks.hpp"

namespace minet::training {

class Joint {
 public:
  explicit Joint(Ranks* ranks) : ranks_(ranks) {}

  // While it lives: one step, whose batch is shared among the ranks.
  models::JointStep step(const config::StageConfig& stage) const { return {ranks_, stage.batch}; }

  // loss.backward() on this rank's part; the gradients are those of the joined batch.
  void backward(const at::Tensor& loss, const AdamW& optimiser) {
    if (ranks_ == nullptr) {
      loss.backward();
      return;
    }
    if (!gradients_) {  // not before: its buffers are as large as the gradients
      std::vector<at::Tensor> parameters;
      for (const NamedParameter& parameter : optimiser.parameters()) {
        parameters.push_back(parameter.tensor);
      }
      gradients_ = ranks_->join(parameters);
    }
    gradients_->backward(loss);
  }

 private:
  Ranks* ranks_;
  std::unique_ptr<JointGradients> gradients_;
};

}  // namespace minet::training
