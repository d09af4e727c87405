// From a loss to changed parameters: what every stage's step ends in.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "minet/training/adamw.hpp"

namespace minet::training {

// Report: loss and gradient_norm (tensors [] on the loss's device), learning_rate.
template <class Report>
Report descend(AdamW& optimiser, const at::Tensor& loss, const config::StageConfig& stage,
               std::int64_t step) {
  loss.backward();
  Report report;
  report.loss = loss.detach();
  report.learning_rate = learning_rate(stage, step);
  report.gradient_norm = optimiser.clip_gradients(stage.clip_norm);
  optimiser.step(report.learning_rate);
  return report;
}

}  // namespace minet::training
