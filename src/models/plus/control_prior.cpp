// From movement to onset, pitch and loudness.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/normalization.h>

#include <algorithm>
#include <cmath>

#include "minet/core/signals.hpp"
#include "minet/models/plus.hpp"
#include "minet/pose/skeleton.hpp"
#include "models/gru.hpp"

namespace minet::models {
namespace {

namespace nn = torch::nn;

constexpr std::int64_t kOnsetWidth = 8, kPitchWidth = 64, kLevelWidth = 32, kNoteWidth = 32;
constexpr std::int64_t kMotionFirst = 256, kMotionIn = 128, kTrunk = 256, kLevelHidden = 128;
constexpr double kUsualSeconds = 60;  // span of the running mean posture in live use
// The symbol past the last: no previous frame, or a hidden one; for a note: none given.
constexpr std::int64_t kNoOnset = 2;

// Change from frame to frame, 0 at the first.
at::Tensor velocity(const at::Tensor& x) {
  return at::cat({at::zeros_like(x.slice(1, 0, 1)), x.slice(1, 1) - x.slice(1, 0, -1)}, 1);
}

at::Tensor shifted(const at::Tensor& x, std::int64_t first) {  // [B, T]
  return at::cat({at::full_like(x.slice(1, 0, 1), first), x.slice(1, 0, -1)}, 1);
}

}  // namespace

at::Tensor posture_of(const at::Tensor& pose) {
  const auto joint = [&](int first, int count) {
    return pose.slice(2, 2 * first, 2 * (first + count));
  };
  const auto hand = [&](int first, int wrist) {
    return joint(first, pose::kHandJoints) - joint(wrist, 1).repeat({1, 1, pose::kHandJoints});
  };
  // Scaled to about the size of the joints' values, which are in shoulder widths.
  const at::Tensor hands = 4 * at::cat({hand(pose::kRightHand, pose::kRightWrist),
                                        hand(pose::kLeftHand, pose::kLeftWrist)},
                                       2);
  return at::cat({joint(0, pose::kRightHand), hands}, 2);
}

at::Tensor motion_features(const at::Tensor& pose, const at::Tensor& usual) {
  const at::Tensor posture = posture_of(pose), change = posture - usual;
  const auto arms = [](const at::Tensor& x) { return x.slice(2, 0, 2 * pose::kRightHand); };
  const auto hands = [](const at::Tensor& x) { return x.slice(2, 2 * pose::kRightHand); };
  return at::cat({pose, 5 * velocity(pose), hands(posture), 3 * velocity(hands(posture)),
                  4 * arms(change), 2 * hands(change)},
                 2);
}

MotionImpl::MotionImpl(const config::TrainConfig& config)
    : most_frames_(std::llround(kUsualSeconds * config.pose.fps)) {
  in_ = register_module(
      "in", nn::Sequential(nn::Linear(kMotionFeatures + config.body_width(), kMotionFirst),
                           nn::LayerNorm(nn::LayerNormOptions({kMotionFirst})), nn::ReLU(),
                           nn::Linear(kMotionFirst, kMotionIn),
                           nn::LayerNorm(nn::LayerNormOptions({kMotionIn})), nn::ReLU()));
  gru_ = register_module("gru", make_gru({.in = kMotionIn,
                                          .hidden = config.plus.motion_hidden,
                                          .layers = config.plus.motion_layers,
                                          .both_ways = true}));
}

at::Tensor MotionImpl::input(const at::Tensor& pose, const at::Tensor& usual,
                             const at::Tensor& body) {
  const at::Tensor who = body.unsqueeze(1).expand({-1, pose.size(1), -1});
  return in_->forward(at::cat({motion_features(pose, usual), who}, 2));
}

at::Tensor MotionImpl::input_in_pieces(const at::Tensor& pose, const at::Tensor& usual,
                                       const at::Tensor& body) {
  const std::int64_t frames = pose.size(1);
  if (at::GradMode::is_enabled() || frames <= kFramesOfCall) return input(pose, usual, body);
  std::vector<at::Tensor> pieces;
  for (std::int64_t first = 0; first < frames; first += kFramesOfCall) {
    throw_if_stopped_while("encoding movements");
    const std::int64_t end = std::min(frames, first + kFramesOfCall);
    const std::int64_t before = std::max<std::int64_t>(0, first - 1);  // for the velocities
    pieces.push_back(input(pose.slice(1, before, end), usual, body).slice(1, first - before));
  }
  return at::cat(pieces, 1);
}

at::Tensor MotionImpl::advance(const at::Tensor& pair, const at::Tensor& body, MotionState& state) {
  const at::Tensor now = posture_of(pair.slice(1, 1));
  state.frames = std::min(state.frames + 1, most_frames_);
  state.usual = state.frames == 1
                    ? now
                    : state.usual + (now - state.usual) / static_cast<double>(state.frames);
  return outputs_so_far(gru_, input(pair, state.usual, body).slice(1, 1), state.gru).squeeze(1);
}

at::Tensor MotionImpl::forward(const at::Tensor& pose, const at::Tensor& body, std::int64_t frames,
                               double ratio, bool live, const at::Tensor& mean_pose) {
  at::Tensor none, usual = posture_of(mean_pose.defined() ? mean_pose : pose);
  if (live && !mean_pose.defined()) {
    usual = usual.cumsum(1) / at::arange(1, pose.size(1) + 1, pose.options()).unsqueeze(-1);
  } else {
    usual = usual.mean(1, true);
  }
  const at::Tensor in = live ? input(pose, usual, body) : input_in_pieces(pose, usual, body);
  const at::Tensor out = live ? outputs_so_far(gru_, in, none) : outputs_both_ways(gru_, in);
  const double last = static_cast<double>(pose.size(1) - 1);
  const at::Tensor at =
      (at::arange(frames, pose.options().dtype(at::kDouble)) * ratio).clamp_max(last);
  const at::Tensor before = at.floor();
  if (live) return out.index_select(1, before.to(at::kLong));
  const at::Tensor part = (at - before).to(pose.scalar_type()).unsqueeze(-1);  // [T, 1]
  const at::Tensor first = before.to(at::kLong), second = (first + 1).clamp_max(pose.size(1) - 1);
  return out.index_select(1, first) * (1 - part) + out.index_select(1, second) * part;
}

double token_rate(const config::TrainConfig& config) {
  return config.frame_rate() / static_cast<double>(kFramesOfToken);
}

double pose_frames_of_token(const config::TrainConfig& config) {
  return config.pose.fps / token_rate(config);
}

ControlPriorImpl::ControlPriorImpl(const config::TrainConfig& config) : config_(config) {
  const config::PlusConfig& plus = config.plus;
  const std::int64_t condition = config.body_width() + 2 * plus.motion_hidden + kNoteWidth + 1;
  const std::int64_t width = plus.prior_width;
  embedding_onset_ = register_module("embedding_onset", nn::Embedding(kNoOnset + 1, kOnsetWidth));
  embedding_pitch_ =
      register_module("embedding_pitch", nn::Embedding(kPitchSymbols + 1, kPitchWidth));
  embedding_level_ =
      register_module("embedding_level", nn::Embedding(plus.levels + 1, kLevelWidth));
  embedding_note_ = register_module("embedding_note", nn::Embedding(kPitchSymbols + 1, kNoteWidth));
  in_ =
      register_module("in", nn::Linear(kOnsetWidth + kPitchWidth + kLevelWidth + condition, width));
  gru_ =
      register_module("gru", make_gru({.in = width, .hidden = width, .layers = plus.prior_layers}));
  trunk_ = register_module("trunk", nn::Linear(width + condition, kTrunk));
  onset_ = register_module("onset", nn::Linear(kTrunk, 2));
  pitch_ = register_module("pitch", nn::Linear(kTrunk + kOnsetWidth, kPitchSymbols));
  level_in_ =
      register_module("level_in", nn::Linear(kTrunk + kOnsetWidth + kPitchWidth, kLevelHidden));
  level_ = register_module("level", nn::Linear(kLevelHidden, plus.levels));
  seen_ = register_module("seen", nn::Linear(config.body_width() + 2 * plus.motion_hidden, kSeen));
}

at::Tensor ControlPriorImpl::condition(const at::Tensor& body, const at::Tensor& motion,
                                       const NoteInput& notes) {
  const std::int64_t batch = motion.size(0), frames = motion.size(1);
  at::Tensor note = at::full({batch, frames}, kPitchSymbols, motion.options().dtype(at::kLong));
  at::Tensor onset = at::zeros({batch, frames}, motion.options());
  if (notes.note.defined()) {
    const at::Tensor present = notes.present.unsqueeze(1);
    note = at::where(present, notes.note, note);
    onset = at::where(present, notes.onset.to(motion.scalar_type()), onset);
  }
  return at::cat({body.unsqueeze(1).expand({-1, frames, -1}), motion,
                  embedding_note_->forward(note), onset.unsqueeze(-1)},
                 2);
}

at::Tensor ControlPriorImpl::embedded(const ControlTokens& tokens) {
  return at::cat({embedding_onset_->forward(tokens.onset), embedding_pitch_->forward(tokens.pitch),
                  embedding_level_->forward(tokens.level)},
                 -1);
}

ControlLogits ControlPriorImpl::forward(const ControlTokens& tokens, const at::Tensor& condition,
                                        const at::Tensor& hidden) {
  const std::int64_t no_level = config_.plus.levels;
  ControlTokens past{shifted(tokens.onset, kNoOnset), shifted(tokens.pitch, kPitchSymbols),
                     shifted(tokens.level, no_level)};
  if (hidden.defined()) {
    past = {past.onset.masked_fill(hidden, kNoOnset), past.pitch.masked_fill(hidden, kPitchSymbols),
            past.level.masked_fill(hidden, no_level)};
  }
  const at::Tensor x = in_->forward(at::cat({embedded(past), condition}, -1)).relu();
  const at::Tensor state = std::get<0>(gru_->forward(x));
  const at::Tensor trunk = trunk_->forward(at::cat({state, condition}, -1)).relu();
  return {.onset = onset_logits(trunk),
          .pitch = pitch_logits(trunk, tokens.onset),
          .level = level_logits(trunk, tokens.onset, tokens.pitch)};
}

at::Tensor ControlPriorImpl::seen_logits(const at::Tensor& condition) {
  const std::int64_t seen = config_.body_width() + 2 * config_.plus.motion_hidden;
  return seen_->forward(condition.slice(-1, 0, seen));
}

at::Tensor ControlPriorImpl::advance(const ControlTokens& previous, const at::Tensor& condition,
                                     at::Tensor& state) {
  ControlTokens past = previous;
  if (!past.onset.defined()) {
    const at::TensorOptions whole = condition.options().dtype(at::kLong);
    const std::int64_t batch = condition.size(0);
    past = {at::full({batch}, kNoOnset, whole), at::full({batch}, kPitchSymbols, whole),
            at::full({batch}, config_.plus.levels, whole)};
  }
  const at::Tensor x =
      in_->forward(at::cat({embedded(past), condition}, -1)).relu().unsqueeze(1);  // [B, 1, W]
  const auto [out, last] = state.defined() ? gru_->forward(x, state) : gru_->forward(x);
  state = last;
  return trunk_->forward(at::cat({out.squeeze(1), condition}, -1)).relu();
}

at::Tensor ControlPriorImpl::onset_logits(const at::Tensor& trunk) {
  return onset_->forward(trunk);
}

at::Tensor ControlPriorImpl::pitch_logits(const at::Tensor& trunk, const at::Tensor& onset) {
  return pitch_->forward(at::cat({trunk, embedding_onset_->forward(onset)}, -1));
}

at::Tensor ControlPriorImpl::free_onset_logits(const at::Tensor& trunk,
                                               const at::Tensor& condition) {
  const at::Tensor logits = onset_logits(trunk), seen = seen_logits(condition);
  const at::Tensor begins =
      seen.select(-1, kPitchSymbols + 1) - seen.select(-1, kPitchSymbols) - kUsualOnset;
  return logits + kSeenOnset * at::stack({at::zeros_like(begins), begins}, -1);
}

at::Tensor ControlPriorImpl::free_pitch_logits(const at::Tensor& trunk, const at::Tensor& onset,
                                               const at::Tensor& condition) {
  at::Tensor logits =
      pitch_logits(trunk, onset) + seen_logits(condition).slice(-1, 0, kPitchSymbols);
  logits.select(-1, 0) += kNoPitchLogit;
  return logits;
}

at::Tensor ControlPriorImpl::level_logits(const at::Tensor& trunk, const at::Tensor& onset,
                                          const at::Tensor& pitch) {
  const at::Tensor x = level_in_->forward(
      at::cat({trunk, embedding_onset_->forward(onset), embedding_pitch_->forward(pitch)}, -1));
  return level_->forward(x.relu());
}

at::Tensor levels_of(const at::Tensor& loudness, std::int64_t levels) {
  const double lowest = kLoudestDb - kLevelDb * static_cast<double>(levels);
  return ((loudness - lowest) / kLevelDb)
      .floor()
      .clamp(0, static_cast<double>(levels - 1))
      .to(at::kLong);
}

at::Tensor loudness_of_levels(const at::Tensor& level, std::int64_t levels) {
  const double lowest = kLoudestDb - kLevelDb * static_cast<double>(levels);
  return lowest + kLevelDb * (level.to(at::kFloat) + 0.5);
}

}  // namespace minet::models
