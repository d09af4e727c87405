// The losses of plus on a batch.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "minet/models/peers.hpp"
#include "minet/models/plus.hpp"

namespace minet::models {
namespace {

constexpr double kMatchWeight = 1;    // of the matching loss relative to the spectral loss
constexpr double kLevelWeight = 0.5;  // of loudness relative to onset and pitch
constexpr double kSeenWeight = 2;     // of the prediction from movement alone

// The mean of `loss` over `counts`. With several processes it is scaled such that their mean,
// weighted by clips, is that of the joined batch.
at::Tensor mean_where(const at::Tensor& loss, const at::Tensor& counts) {
  const at::Tensor weight = counts.to(loss.scalar_type());
  const double clips = static_cast<double>(joint_size(loss.size(0)));
  return (loss * weight).sum() / (joint_sum(weight.sum()) + 1e-6) *
         (clips / static_cast<double>(loss.size(0)));
}

}  // namespace

at::Tensor resynthesised(PlusModel& model, const SynthesiserBatch& batch, const at::Tensor& body,
                         const at::Tensor& noise) {
  const Partials partials = model.synthesiser->forward(batch.input, body);
  return sound_of(partials, phases_of(batch.hz, model.config.spectrogram), noise,
                  model.config.spectrogram.hop);
}

SynthesiserLoss synthesiser_loss(PlusModel& model, const SynthesiserBatch& batch,
                                 const at::Tensor& noise) {
  const bool keep_body = model.config.plus.keep_body;
  at::Tensor body;
  {
    const at::AutoGradMode graph(at::GradMode::is_enabled() && !keep_body);
    body = model.body->forward(batch.pose);
  }
  SynthesiserLoss loss;
  loss.spectral = spectral_loss(resynthesised(model, batch, body, noise), batch.sound);
  if (keep_body) {
    loss.total = loss.spectral;
    return loss;
  }
  loss.match =
      model.match->forward(body, timbre_of(batch.clip, model.config.spectrogram.sample_rate));
  loss.total = loss.spectral + kMatchWeight * loss.match;
  return loss;
}

ControlLoss control_loss(PlusModel& model, const ControlBatch& batch, const at::Tensor& hidden) {
  at::Tensor body;
  {
    const at::NoGradGuard no_grad;
    body = model.body->forward(batch.pose);
  }
  const std::int64_t frames = batch.tokens.pitch.size(1);
  const at::Tensor motion = model.motion->forward(
      batch.pose, body, frames, pose_frames_of_token(model.config), batch.live, batch.mean_pose);
  const at::Tensor condition = model.prior->condition(body, motion, batch.notes);
  const auto nats = [&](const at::Tensor& values, const at::Tensor& target) {
    return at::cross_entropy_loss(values.flatten(0, 1), target.flatten(), {}, at::Reduction::None)
        .view_as(target);
  };
  const at::Tensor seen = model.prior->seen_logits(condition);
  ControlLoss loss;
  loss.seen = nats(seen.slice(2, 0, kPitchSymbols), batch.tokens.pitch);
  loss.total = kSeenWeight *
               (loss.seen.mean() + nats(seen.slice(2, kPitchSymbols), batch.tokens.onset).mean());
  const ControlLogits logits = model.prior->forward(batch.tokens, condition, hidden);
  loss.onset = nats(logits.onset, batch.tokens.onset);
  loss.pitch = nats(logits.pitch, batch.tokens.pitch);
  loss.level = nats(logits.level, batch.tokens.level);
  // What the notes force is never sampled, so it is not learned.
  const at::Tensor free = batch.notes.present.logical_not().unsqueeze(1).expand_as(loss.onset);
  const at::Tensor rest = free.logical_or(batch.notes.note == 0);
  loss.total = loss.total + mean_where(loss.onset, free) + mean_where(loss.pitch, rest) +
               kLevelWeight * loss.level.mean();
  return loss;
}

}  // namespace minet::models
