// Shared by the steps of all stages: the list of trained parameters, and the way from a loss to
// updated parameters.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <cstdint>
#include <string>
#include <vector>

#include "minet/training/adamw.hpp"
#include "training/joint.hpp"

namespace minet::training {

// Weight decay applies to matrices and kernels, but not to biases, norms, embeddings, start tokens
// and the edge weights of a graph, whose neutral value is 1 and not 0.
inline void append_parameters(std::vector<NamedParameter>& into, const torch::nn::Module& module,
                              const std::string& prefix) {
  for (const auto& parameter : module.named_parameters()) {
    const std::string& name = parameter.key();
    const bool decays =
        parameter.value().dim() >= 2 && !name.starts_with("embedding") && !name.ends_with(".edges");
    into.push_back({prefix + name, parameter.value(), decays});
  }
}

// Report: loss and gradient_norm (tensors [] on the loss's device), learning_rate. The loss is that
// of this rank's part of the batch.
template <class Report>
Report descend(AdamW& optimiser, Joint& joint, const at::Tensor& loss,
               const config::StageConfig& stage, std::int64_t step) {
  joint.backward(loss, optimiser);
  Report report;
  report.loss = loss.detach();
  report.learning_rate = learning_rate(stage, step);
  report.gradient_norm = optimiser.clip_gradients(stage.clip_norm);
  optimiser.step(report.learning_rate);
  return report;
}

}  // namespace minet::training
