// One step of each stage of plus.
#include <ATen/ATen.h>

#include "minet/core/random.hpp"
#include "minet/models/peers.hpp"
#include "minet/pose/skeleton.hpp"
#include "minet/training/plus_steps.hpp"
#include "training/descend.hpp"
#include "training/move_arms.hpp"

namespace minet::training {
namespace {

std::vector<NamedParameter> synthesiser_parameters(const models::PlusModel& model) {
  std::vector<NamedParameter> parameters;
  const bool keep_body = model.config.plus.keep_body;
  if (!keep_body) append_parameters(parameters, *model.body, "body.");
  append_parameters(parameters, *model.synthesiser, "synthesiser.");
  if (!keep_body) append_parameters(parameters, *model.match, "match.");
  return parameters;
}

std::vector<NamedParameter> controls_parameters(const models::PlusModel& model) {
  std::vector<NamedParameter> parameters;
  append_parameters(parameters, *model.motion, "motion.");
  append_parameters(parameters, *model.prior, "controls.");
  return parameters;
}

}  // namespace

at::Tensor augmented(const at::Tensor& pose, double strength) {
  if (strength == 0) return pose;
  const std::int64_t batch = pose.size(0), frames = pose.size(1);
  const auto draw = [&](at::IntArrayRef shape, double deviation) {
    std::vector<std::int64_t> joined = shape.vec();
    joined[0] = models::joint_size(batch);
    return models::own_rows(at::randn(joined, pose.options())) * (strength * deviation);
  };
  const at::Tensor xy = pose.view({batch, frames, pose::kJoints, 2});
  const at::Tensor size = 1 + draw({batch, 1, 1}, 0.08), aspect = 1 + draw({batch, 1, 1}, 0.06);
  const at::Tensor angle = draw({batch, 1, 1}, 0.08);
  const at::Tensor x = xy.select(3, 0) * size * aspect, y = xy.select(3, 1) * size;
  const at::Tensor turned = rotated(x, y, angle.cos(), angle.sin());
  // A different build, of arms more than of fingers, since the fingers' shape determines the pitch.
  at::Tensor joints = at::full({pose::kJoints, 1}, 0.015, pose.options());
  joints.slice(0, 0, pose::kRightHand).fill_(0.03);
  at::Tensor offset = draw({batch, 1, pose::kJoints, 2}, 1) * joints;
  // The wrist's offset moves the whole hand.
  const auto hand = [&](int first, int wrist) {
    return offset.slice(2, first, first + pose::kHandJoints) + offset.slice(2, wrist, wrist + 1);
  };
  offset = at::cat({offset.slice(2, 0, pose::kRightHand), hand(pose::kRightHand, pose::kRightWrist),
                    hand(pose::kLeftHand, pose::kLeftWrist)},
                   2);
  return (turned + offset + draw({batch, 1, 1, 2}, 0.05) + draw(xy.sizes(), 0.004)).view_as(pose);
}

std::vector<clips::ControlsSeen> controls_seen(const config::TrainConfig& config, std::int64_t step,
                                               const models::Part& part) {
  Random random(derive_seed(config.run.seed, "controls seen", static_cast<std::uint64_t>(step)));
  std::vector<clips::ControlsSeen> seen;
  for (std::int64_t i = 0; i < part.first + part.count; ++i) {
    const double drawn = random.uniform();
    if (i < part.first) continue;
    seen.push_back(drawn >= config.plus.drawn       ? clips::ControlsSeen::measured
                   : drawn >= config.plus.drawn / 2 ? clips::ControlsSeen::drawn
                                                    : clips::ControlsSeen::drawn_with_notes);
  }
  return seen;
}

SynthesiserStep::SynthesiserStep(models::PlusModel& model, const config::TrainConfig& config,
                                 Ranks* ranks)
    : model_(model),
      config_(config),
      optimiser_(synthesiser_parameters(model), config.synthesiser_training),
      joint_(std::make_shared<Joint>(ranks)),
      recorded_(make_recorded<PlusReport>(config, ranks)) {}

PlusReport SynthesiserStep::run(const models::SynthesiserBatch& given, const at::Tensor& drawn,
                                std::int64_t step) {
  const config::StageConfig& stage = config_.synthesiser_training;
  const models::JointStep together = joint_->step(stage);
  model_.train();
  models::SynthesiserBatch batch = given;
  at::Tensor noise = drawn;
  return recorded_step(*recorded_, optimiser_, learning_rate(stage, step),
                       {.inputs = {&batch.input.hz, &batch.input.voiced, &batch.input.loudness,
                                   &batch.hz, &batch.sound, &batch.pose, &batch.clip, &noise}},
                       [&] {
                         const at::Tensor loss = synthesiser_loss(model_, batch, noise).total;
                         return descend<PlusReport>(optimiser_, *joint_, loss, stage.clip_norm);
                       });
}

ControlsStep::ControlsStep(models::PlusModel& model, const config::TrainConfig& config,
                           Ranks* ranks)
    : model_(model),
      config_(config),
      optimiser_(controls_parameters(model), config.controls_training),
      joint_(std::make_shared<Joint>(ranks)),
      recorded_(make_recorded<PlusReport>(config, ranks)) {}

PlusReport ControlsStep::run(const models::ControlBatch& given, const at::Tensor& masked,
                             std::int64_t step) {
  const config::StageConfig& stage = config_.controls_training;
  const models::JointStep together = joint_->step(stage);
  model_.train();
  models::ControlBatch batch = given;
  at::Tensor hidden = masked;
  return recorded_step(*recorded_, optimiser_, learning_rate(stage, step),
                       {.variant = batch.live,
                        .inputs = {&batch.tokens.onset, &batch.tokens.pitch, &batch.tokens.level,
                                   &batch.notes.note, &batch.notes.onset, &batch.notes.present,
                                   &batch.pose, &batch.mean_pose, &hidden}},
                       [&] {
                         const at::Tensor loss = control_loss(model_, batch, hidden).total;
                         return descend<PlusReport>(optimiser_, *joint_, loss, stage.clip_norm);
                       });
}

}  // namespace minet::training
