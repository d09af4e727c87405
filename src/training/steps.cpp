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
      joint_(std::make_shared<Joint>(ranks)),
      recorded_(make_recorded<VqVaeReport>(config, ranks)) {}

void VqVaeStep::start_codebook(const at::Tensor& vectors) {
  model_.vqvae->quantizer->initialise(
      vectors, {.seed = derive_seed(config_.run.seed, "codebook"),
                .tokens_per_batch = config_.vqvae_training.batch * config_.clip_frames()});
}

VqVaeReport VqVaeStep::learn(const at::Tensor& spectrogram, bool quantise) {
  const models::VqVaeOutput output = [&] {
    const models::AutocastScope autocast(precision_, spectrogram.device());
    return model_.vqvae->forward(spectrogram, quantise);
  }();
  auto report =
      descend<VqVaeReport>(optimiser_, *joint_, output.loss, config_.vqvae_training.clip_norm);
  report.reconstruction = output.reconstruction_loss.detach();
  if (!quantise) return report;
  report.codes = output.codes;
  report.commitment = output.commitment_loss.detach();
  // [B, D, T] -> [B * T, D]
  report.encoded = output.encoded.detach().transpose(1, 2).reshape({-1, config_.vqvae.code_width});
  model_.vqvae->quantizer->update(report.encoded, output.codes.reshape({-1}));
  return report;
}

VqVaeReport VqVaeStep::run(const at::Tensor& spectrogram, std::int64_t step) {
  const config::VqVaeConfig& vqvae = config_.vqvae;
  auto& quantizer = model_.vqvae->quantizer;
  const bool quantise = step >= vqvae.plain_steps || quantizer->is_started();
  if (step == vqvae.plain_steps) recorded_->clear();  // plain steps do not come back
  const models::JointStep together = joint_->step(config_.vqvae_training);
  model_.vqvae->train();
  at::Tensor input = spectrogram;
  VqVaeReport report = recorded_step(
      *recorded_, optimiser_, learning_rate(config_.vqvae_training, step),
      {.variant = quantise, .inputs = {&input}}, [&] { return learn(input, quantise); });
  if (quantise && vqvae.revive_every > 0 && (step + 1) % vqvae.revive_every == 0) {
    report.revived = quantizer->revive(
        report.encoded, {.seed = derive_seed(config_.run.seed, "revive"), .step = step});
  }
  return report;
}

PriorStep::PriorStep(models::Model& model, const config::TrainConfig& config,
                     config::Precision precision, Ranks* ranks)
    : model_(model),
      config_(config),
      precision_(precision),
      optimiser_(prior_parameters(model), config.prior_training),
      joint_(std::make_shared<Joint>(ranks)),
      recorded_(make_recorded<PriorReport>(config, ranks)) {}

PriorReport PriorStep::run(const models::PriorBatch& given, std::int64_t step) {
  const config::StageConfig& stage = config_.prior_training;
  const models::JointStep together = joint_->step(stage);
  model_.body->train();
  model_.prior->train();
  if (config_.content.enabled) model_.content->train();
  seed_dropout(config_, step);
  models::PriorBatch batch = given;
  return recorded_step(
      *recorded_, optimiser_, learning_rate(stage, step),
      {.inputs = {&batch.codes, &batch.pose, &batch.notes, &batch.notes_present}}, [&] {
        const at::Tensor loss = [&] {
          const models::AutocastScope autocast(precision_, batch.codes.device());
          const at::Tensor logits = models::prior_logits(model_, batch);  // [B, T, K]
          return at::cross_entropy_loss(logits.flatten(0, 1), batch.codes.flatten());
        }();
        return descend<PriorReport>(optimiser_, *joint_, loss, stage.clip_norm);
      });
}

BaselineStep::BaselineStep(models::BaselineModel& model, const config::TrainConfig& config,
                           config::Precision precision, Ranks* ranks)
    : model_(model),
      config_(config),
      precision_(precision),
      optimiser_(baseline_parameters(model), config.baseline_training),
      joint_(std::make_shared<Joint>(ranks)),
      recorded_(make_recorded<BaselineReport>(config, ranks)) {}

BaselineReport BaselineStep::run(const BaselineBatch& given, std::int64_t step) {
  const config::StageConfig& stage = config_.baseline_training;
  const models::JointStep together = joint_->step(stage);
  model_.net->train();
  seed_dropout(config_, step);
  BaselineBatch batch = given;
  return recorded_step(*recorded_, optimiser_, learning_rate(stage, step),
                       {.inputs = {&batch.pose, &batch.spectrogram}}, [&] {
                         const at::Tensor loss = [&] {
                           const models::AutocastScope autocast(precision_, batch.pose.device());
                           return models::frame_loss(
                               config_, model_.net->forward(batch.pose, batch.spectrogram),
                               batch.spectrogram);
                         }();
                         return descend<BaselineReport>(optimiser_, *joint_, loss, stage.clip_norm);
                       });
}

}  // namespace minet::training
