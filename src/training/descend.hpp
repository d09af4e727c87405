// Shared by the steps of all stages: the list of trained parameters, and the way from a batch to
// updated parameters.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "minet/training/adamw.hpp"
#include "training/joint.hpp"
#include "training/recorded.hpp"

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

// Recordings of steps, if they are asked for and possible. Those of several processes are not: the
// host takes part in the exchange of gradients.
template <class Report>
std::shared_ptr<Recorded<Report>> make_recorded(const config::TrainConfig& config,
                                                const Ranks* ranks) {
  return std::make_shared<Recorded<Report>>(config.run.cuda_graphs && ranks == nullptr);
}

// Report: loss and gradient_norm (tensors [] on the loss's device), learning_rate. The loss is that
// of this rank's part of the batch.

// From a loss to updated parameters.
template <class Report>
Report descend(AdamW& optimiser, Joint& joint, const at::Tensor& loss, double clip_norm) {
  joint.backward(loss, optimiser);
  Report report;
  report.loss = loss.detach();
  report.gradient_norm = optimiser.clip_gradients(clip_norm);
  optimiser.step();
  return report;
}

// One step: `work` returns the report of `descend`. Whatever differs from step to step, apart from
// the inputs and the generator's seed, has no place in it.
template <class Report, class Work>
Report recorded_step(Recorded<Report>& recorded, AdamW& optimiser, double rate,
                     const Recordable& what, const Work& work) {
  optimiser.set_learning_rate(rate);
  Report report = recorded.run(what, [&] {
    optimiser.zero_grad();
    return work();
  });
  report.learning_rate = rate;
  return report;
}

}  // namespace minet::training
