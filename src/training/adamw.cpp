#include "minet/training/adamw.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <numbers>
#include <optional>
#include <utility>

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::training {
namespace {

std::optional<at::Tensor> optional(const at::Tensor& tensor) {
  return tensor.defined() ? std::optional(tensor) : std::nullopt;
}

}  // namespace

AdamW::AdamW(std::vector<NamedParameter> parameters, const config::StageConfig& stage)
    : parameters_(std::move(parameters)), beta1_(stage.beta1), beta2_(stage.beta2) {
  groups_[1].decay = stage.weight_decay;
  for (const NamedParameter& parameter : parameters_) {
    means_.push_back(at::zeros_like(parameter.tensor));
    squares_.push_back(at::zeros_like(parameter.tensor));
    steps_.push_back(at::zeros({}, parameter.tensor.options()));
    Group& group = group_of(parameter);
    group.parameters.push_back(parameter.tensor);
    group.means.push_back(means_.back());
    group.squares.push_back(squares_.back());
    group.steps.push_back(steps_.back());
  }
  failed_ = at::zeros({}, parameters_.at(0).tensor.options().requires_grad(false));
  if (!failed_.is_cpu()) rate_on_device_ = at::zeros_like(failed_);
}

void AdamW::zero_grad() {
  for (NamedParameter& parameter : parameters_) parameter.tensor.mutable_grad().reset();
}

at::Tensor AdamW::clip_gradients(double max_norm) {
  std::vector<at::Tensor> gradients;
  for (const NamedParameter& parameter : parameters_) {
    if (parameter.tensor.grad().defined()) gradients.push_back(parameter.tensor.grad());
  }
  if (gradients.empty()) return at::zeros({}, failed_.options());
  at::NoGradGuard no_grad;
  const at::Tensor norm = at::stack(at::_foreach_norm(gradients)).norm();
  not_finite_ = norm.isfinite().logical_not().to(at::kFloat);
  divisor_ = ((norm + 1e-6) / max_norm).clamp_min(1);
  at::maximum_out(failed_, failed_, not_finite_);
  return norm;
}

void AdamW::set_learning_rate(double rate) {
  rate_ = rate;
  if (rate_on_device_.defined()) rate_on_device_.fill_(rate);
}

void AdamW::step() {
  at::NoGradGuard no_grad;
  for (Group& group : groups_) {
    std::vector<at::Tensor> parameters, gradients, means, squares, steps;
    for (std::size_t i = 0; i < group.parameters.size(); ++i) {
      if (!group.parameters[i].grad().defined()) continue;  // took no part in this step's loss
      parameters.push_back(group.parameters[i]);
      gradients.push_back(group.parameters[i].grad());
      means.push_back(group.means[i]);
      squares.push_back(group.squares[i]);
      steps.push_back(group.steps[i]);
    }
    if (parameters.empty()) continue;
    // A skipped step is not counted either.
    if (not_finite_.defined()) {
      at::_foreach_add_(steps, 1 - not_finite_);
    } else {
      at::_foreach_add_(steps, 1);
    }
    const auto update = [&](const auto& rate) {
      at::_fused_adamw_(parameters, gradients, means, squares, /*max_exp_avg_sqs=*/{}, steps, rate,
                        beta1_, beta2_, group.decay, /*eps=*/1e-8, /*amsgrad=*/false,
                        /*maximize=*/false, optional(divisor_), optional(not_finite_));
    };
    if (rate_on_device_.defined()) {
      update(rate_on_device_);
    } else {
      update(rate_);
    }
  }
  divisor_ = not_finite_ = at::Tensor();
}

bool AdamW::take_failure() {
  const bool failed = failed_.item<float>() != 0;
  failed_.zero_();
  return failed;
}

void AdamW::save_state(std::map<std::string, at::Tensor>& tensors,
                       const std::string& prefix) const {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const std::string name = prefix + parameters_[i].name;
    tensors[name + ".mean"] = means_[i];
    tensors[name + ".square"] = squares_[i];
    tensors[name + ".step"] = steps_[i];
  }
}

void AdamW::load_state(const std::map<std::string, at::Tensor>& tensors,
                       const std::string& prefix) {
  at::NoGradGuard no_grad;
  const auto load = [&](const std::string& name, at::Tensor& into) {
    const auto found = tensors.find(name);
    if (found == tensors.end() || found->second.sizes() != into.sizes()) {
      throw InputError(
          text("checkpoint: expected optimiser state '", name,
               found == tensors.end() ? "', but it is missing" : "' of a different shape",
               "; start a new run"));
    }
    into.copy_(found->second);
  };
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const std::string name = prefix + parameters_[i].name;
    load(name + ".mean", means_[i]);
    load(name + ".square", squares_[i]);
    load(name + ".step", steps_[i]);
  }
}

double learning_rate(const config::StageConfig& stage, std::int64_t step) {
  const double s = static_cast<double>(step);
  const double warmup = stage.warmup_steps > 0
                            ? std::min(1.0, (s + 1) / static_cast<double>(stage.warmup_steps))
                            : 1.0;
  const double cosine = (1 + std::cos(std::numbers::pi * s / static_cast<double>(stage.steps))) / 2;
  return stage.learning_rate * warmup * (stage.final_rate + (1 - stage.final_rate) * cosine);
}

}  // namespace minet::training
