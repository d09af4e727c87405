// The only stage of a baseline: teacher-forced spectrogram frames (paper section 4).
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "minet/config/config.hpp"
#include "minet/core/log.hpp"
#include "minet/core/text.hpp"
#include "minet/training/augment.hpp"
#include "training/session.hpp"
#include "training/validation.hpp"

namespace minet::training {
namespace {

BaselineBatch make_batch(const Session& session, const clips::TrackStore& store,
                         const std::vector<clips::Clip>& clips) {
  return {.pose = store.poses(clips).to(session.device),
          .spectrogram = store.spectrograms(clips, session.scale).to(session.device)};
}

// Teacher-forced loss over the test split, and on the first clips the squared error of frames that
// the model generates from its own previous ones, as in use.
void validate(Session& session, models::BaselineModel& model) {
  const config::TrainConfig& config = session.config;
  const std::vector<clips::Clip> clips = test_clips(session);
  if (clips.empty()) return;
  at::NoGradGuard no_grad;
  model.net->eval();
  double generated_l2 = 0;
  const double loss = mean_by_eights(clips, [&](const std::vector<clips::Clip>& some, bool first) {
    const BaselineBatch batch = make_batch(session, session.test_tracks, some);
    const double loss_of_some =
        models::frame_loss(config, model.net->forward(batch.pose, batch.spectrogram),
                           batch.spectrogram)
            .item<double>();
    if (!first) return loss_of_some;
    const at::Tensor generated = model.net->generate(batch.pose, batch.spectrogram.size(2));
    generated_l2 = at::mse_loss(generated, batch.spectrogram).item<double>();
    log_music(session, "original", [&] { return inverted(session, batch.spectrogram[0]); });
    log_music(session, "generated", [&] { return inverted(session, generated[0]); });
    return loss_of_some;
  });
  log_metrics(session, {{"test_loss", loss}, {"test_generated_l2", generated_l2}});
  log::info(text("step ", session.position.step, ": test ",
                 config::to_string(config.model.frame_loss), " ", loss, ", L2 of generated frames ",
                 generated_l2));
}

struct BaselineSteps {
  Session& session;
  BaselineState& state;
  const config::StageConfig& stage = session.config.baseline_training;
  SpectrogramBatches spectrograms{session, stage, session.position.step};
  clips::Prefetch<at::Tensor> poses{
      [&](std::int64_t step) {
        return clips::staged(session.train_tracks.poses(session.batch(step, stage)),
                             session.device);
      },
      session.position.step, stage.steps, clips::batches_ahead(session.device)};

  BaselineReport run(std::int64_t step) {
    const at::Tensor pose = clips::moved(poses.take(), session.device);
    return state.baseline_step.run(
        {.pose = augmented(pose, session.config, step, session.part(stage)),
         .spectrogram = spectrograms.take(step)},
        step);
  }
  AdamW& optimiser() { return state.baseline_step.optimiser(); }
  void done(const BaselineReport&) {}
  std::string log(const BaselineReport& report) { return log_loss(session, stage, report); }
  void validate() { training::validate(session, state.model); }
};

}  // namespace

void train_baseline(Session& session, BaselineState& state) {
  const config::StageConfig& stage = session.config.baseline_training;
  if (state.position.step >= stage.steps) return;
  BaselineSteps steps{session, state};
  train_steps(session, stage, std::string(config::to_string(session.config.model.kind)), "train",
              steps);
}

}  // namespace minet::training
