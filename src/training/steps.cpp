#include "minet/training/steps.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/nn/module.h>

#include "minet/core/errors.hpp"
#include "minet/core/random.hpp"
#include "minet/core/text.hpp"
#include "minet/models/precision.hpp"
#include "training/descend.hpp"

namespace minet::training {
namespace {

std::vector<NamedParameter> vqvae_parameters(const models::Model& model) {
  std::vector<NamedParameter> parameters;
  append_parameters(parameters, *model.vqvae, "vqvae.");
  return parameters;
}

std::vector<NamedParameter> prior_parameters(const models::Model& model) {
  std::vector<NamedParameter> parameters;
  append_parameters(parameters, *model.body, "body.");
  append_parameters(parameters, *model.prior, "prior.");
  if (model.config.content.enabled) append_parameters(parameters, *model.content, "content.");
  return parameters;
}

std::vector<NamedParameter> baseline_parameters(const models::BaselineModel& model) {
  std::vector<NamedParameter> parameters;
  append_parameters(parameters, *model.net, "baseline.");
  return parameters;
}

// LibTorch's dropout draws from the default generator; seeding it by the step makes each step a
// pure function of the weights, the batch and the step, so that no generator state has to be saved.
// Each rank draws for its own clips.
void seed_dropout(const config::TrainConfig& config, std::int64_t step) {
  at::manual_seed(derive_seed(config.run.seed, "dropout", static_cast<std::uint64_t>(step),
                              static_cast<std::uint64_t>(models::first_joint_row())));
}

}  // namespace

VqVaeStep::VqVaeStep(models::Model& model, const config::TrainConfig& config,
                     config::Precision precision, Ranks* ranks)
    : model_(model),
      config_(config),
      precision_(precision),
      optimiser_(vqvae_parameters(model), config.vqvae_training),
      joint_(std::make_shared<Joint>(ranks)) {}

void VqVaeStep::start_codebook(const at::Tensor& vectors) {
  model_.vqvae->quantizer->initialise(
      vectors, {.seed = derive_seed(config_.run.seed, "codebook"),
                .tokens_per_batch = config_.vqvae_training.batch * config_.clip_frames()});
}

VqVaeReport VqVaeStep::run(const at::Tensor& spectrogram, std::int64_t step) {
  const config::VqVaeConfig& vqvae = config_.vqvae;
  const bool quantise = step >= vqvae.plain_steps || model_.vqvae->quantizer->is_started();
  const models::JointStep together = joint_->step(config_.vqvae_training);
  model_.vqvae->train();
  optimiser_.zero_grad();
  const models::VqVaeOutput output = [&] {
    const models::AutocastScope autocast(precision_, spectrogram.device());
    return model_.vqvae->forward(spectrogram, quantise);
  }();
  auto report =
      descend<VqVaeReport>(optimiser_, *joint_, output.loss, config_.vqvae_training, step);
  report.reconstruction = output.reconstruction_loss.detach();
  if (quantise) {
    report.codes = output.codes;
    report.commitment = output.commitment_loss.detach();
    at::NoGradGuard no_grad;
    // [B, D, T] -> [B * T, D]: the vectors that this step quantised.
    const at::Tensor vectors =
        output.encoded.detach().transpose(1, 2).reshape({-1, vqvae.code_width});
    auto& quantizer = model_.vqvae->quantizer;
    quantizer->update(vectors, output.codes.reshape({-1}));
    if (vqvae.revive_every > 0 && (step + 1) % vqvae.revive_every == 0) {
      report.revived = quantizer->revive(
          vectors, {.seed = derive_seed(config_.run.seed, "revive"), .step = step});
    }
  }
  return report;
}

PriorStep::PriorStep(models::Model& model, const config::TrainConfig& config,
                     config::Precision precision, Ranks* ranks)
    : model_(model),
      config_(config),
      precision_(precision),
      optimiser_(prior_parameters(model), config.prior_training),
      joint_(std::make_shared<Joint>(ranks)) {}

PriorReport PriorStep::run(const models::PriorBatch& batch, std::int64_t step) {
  const models::JointStep together = joint_->step(config_.prior_training);
  model_.body->train();
  model_.prior->train();
  if (config_.content.enabled) model_.content->train();
  seed_dropout(config_, step);
  optimiser_.zero_grad();
  const at::Tensor loss = [&] {
    const models::AutocastScope autocast(precision_, batch.codes.device());
    const at::Tensor logits = models::prior_logits(model_, batch);  // [B, T, K]
    return at::cross_entropy_loss(logits.flatten(0, 1), batch.codes.flatten());
  }();
  return descend<PriorReport>(optimiser_, *joint_, loss, config_.prior_training, step);
}

BaselineStep::BaselineStep(models::BaselineModel& model, const config::TrainConfig& config,
                           config::Precision precision, Ranks* ranks)
    : model_(model),
      config_(config),
      precision_(precision),
      optimiser_(baseline_parameters(model), config.baseline_training),
      joint_(std::make_shared<Joint>(ranks)) {}

BaselineReport BaselineStep::run(const BaselineBatch& batch, std::int64_t step) {
  const models::JointStep together = joint_->step(config_.baseline_training);
  model_.net->train();
  seed_dropout(config_, step);
  optimiser_.zero_grad();
  const at::Tensor loss = [&] {
    const models::AutocastScope autocast(precision_, batch.pose.device());
    return models::frame_loss(config_, model_.net->forward(batch.pose, batch.spectrogram),
                              batch.spectrogram);
  }();
  return descend<BaselineReport>(optimiser_, *joint_, loss, config_.baseline_training, step);
}

}  // namespace minet::training
