#include "minet/generation/live_player.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "generation/pieces.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"
#include "minet/generation/plus.hpp"
#include "minet/generation/plus_stream.hpp"
#include "minet/models/device.hpp"
#include "minet/models/frame_stream.hpp"

namespace minet::generation {
namespace {

constexpr float kLoudest = 0.99f;
// Fraction of the way to a new h per token: in a single step the timbre would jump.
constexpr double kGlide = 0.1;
// Fraction of the way to the last window's h per look; a recording uses the mean of its windows.
constexpr double kLearning = 0.125;

models::PlusModel model_for_playing(const LivePlayerOptions& options) {
  models::use_threads(options.threads);
  models::PlusModel model = load_trained_plus(options.model);
  if (options.notes && !model.notes_trained) {
    throw InputError(text(options.model.string(),
                          ": expected a model that was trained with notes, but no training track "
                          "of its corpus had any; leave the notes out or use another model"));
  }
  return model;
}

// Soft limiter: above half of the range the sound is compressed smoothly instead of clipped.
float bent(float x) {
  constexpr float kStraight = 0.5F;
  const float size = std::abs(x);
  if (size <= kStraight) return x;
  const float room = kLoudest - kStraight;
  return std::copysign(kStraight + room * std::tanh((size - kStraight) / room), x);
}

}  // namespace

struct LivePlayer::State {
  explicit State(const LivePlayerOptions& options)
      : model(model_for_playing(options)),
        controls(model, 1,
                 sampling_of(options.sampling, model.config.generation, options.notes.has_value())),
        frames(model.config),
        sound(model, options.sampling.seed) {
    model.train(false);
    if (options.notes) add_notes(*options.notes);
  }
  void add_notes(const std::vector<score::Note>& list);
  models::NoteInput notes_now() const;
  void look(const pose::CausalPose& pose, double now_s);
  const at::Tensor& movement(pose::CausalPose& pose, double now_s);

  models::PlusModel model;
  ControlStream controls;
  models::FrameStream frames;
  SoundStream sound;
  std::optional<models::NoteInput> notes;  // [1, T]
  std::int64_t token = 0;                  // the next one
  at::Tensor body, next_body;              // [1, H]
  at::Tensor motion;                       // [1, 2 motion_hidden], last computed
  models::MotionState motion_state;
  double looked_s = 0, moved_s = 0;
  std::vector<float> block;
};

void LivePlayer::State::add_notes(const std::vector<score::Note>& list) {
  const auto count =
      static_cast<std::int64_t>(std::ceil(last_end_s(list) * models::token_rate(model.config)));
  notes = note_input(list, model.config, count + 1);  // it ends with a rest
}

// For the next token; a rest after the last note.
models::NoteInput LivePlayer::State::notes_now() const {
  if (!notes) return {};
  const std::int64_t at = std::min(token, notes->note.size(1) - 1);
  return {notes->note.slice(1, at, at + 1), notes->onset.slice(1, at, at + 1), notes->present};
}

void LivePlayer::State::look(const pose::CausalPose& pose, double now_s) {
  const std::vector<float> window = pose.window(model.config.clip_pose_frames());
  const auto count = static_cast<std::int64_t>(window.size()) / pose::kPoseWidth;
  const at::Tensor here =
      model.body->forward(at::tensor(window, at::TensorOptions(at::kFloat).device(at::kCPU))
                              .view({1, count, pose::kPoseWidth}));
  const bool whole = count == model.config.clip_pose_frames();
  next_body = whole && next_body.defined() ? next_body.lerp(here, kLearning) : here;
  if (!body.defined()) body = next_body;
  looked_s = now_s;
}

// Frames of the time grid advance the movement encoder's state; in between, a newer camera frame is
// encoded from a copy of the state that is then discarded, so that it need not wait for the grid.
const at::Tensor& LivePlayer::State::movement(pose::CausalPose& pose, double now_s) {
  const bool frame = pose.tick(now_s);
  if (!body.defined()) look(pose, now_s);
  if (!frame && motion.defined() && pose.newest_s() == moved_s) return motion;
  const std::array<float, 2 * pose::kPoseWidth> pair = pose.pair(now_s);
  models::MotionState state = motion_state;
  motion = model.motion->advance(at::tensor(at::ArrayRef<float>(pair.data(), pair.size()),
                                            at::TensorOptions(at::kFloat).device(at::kCPU))
                                     .view({1, 2, pose::kPoseWidth}),
                                 body, state);
  if (frame) motion_state = state;
  moved_s = pose.newest_s();
  return motion;
}

LivePlayer::LivePlayer(const LivePlayerOptions& options)
    : state_(std::make_unique<State>(options)) {}
LivePlayer::~LivePlayer() = default;

int LivePlayer::sample_rate() const {
  return static_cast<int>(state_->model.config.spectrogram.sample_rate);
}

std::int64_t LivePlayer::block() const {
  return models::kFramesOfToken * state_->model.config.spectrogram.hop;
}

double LivePlayer::reached_s() const {
  return 1 / state_->model.config.frame_rate();
}

pose::CausalPose LivePlayer::make_pose() const {
  const config::PoseConfig& config = state_->model.config.pose;
  return pose::CausalPose(config.fps, config.gap_confidence);
}

std::span<const float> LivePlayer::next(pose::CausalPose& pose, double now_s) {
  const at::NoGradGuard no_grad;
  State& state = *state_;
  const at::Tensor& motion = state.movement(pose, now_s);
  state.body = state.body.lerp(state.next_body, kGlide);
  const models::NoteInput notes = state.notes_now();
  const at::Tensor condition =
      state.model.prior->condition(state.body, motion.unsqueeze(1), notes).select(1, 0);
  std::vector<ControlStream::Forced> forced;
  if (notes.note.defined()) {
    forced.push_back({.note = *notes.note.const_data_ptr<std::int64_t>(),
                      .onset = *notes.onset.const_data_ptr<std::int64_t>()});
  }
  const models::ControlTokens now = state.controls.next(state.controls.prepare(condition), forced);
  const auto column = [](const at::Tensor& x) { return x.unsqueeze(1); };
  const at::Tensor sound = state.sound.add(
      state.frames.add_live({column(now.onset), column(now.pitch), column(now.level)}), state.body);
  ++state.token;
  const at::Tensor samples = sound.contiguous();
  const float* const first = samples.const_data_ptr<float>();
  state.block.assign(static_cast<std::size_t>(block()), 0.0F);
  std::transform(first, first + samples.numel(), state.block.end() - samples.numel(), bent);
  return state.block;
}

void LivePlayer::watch(const pose::CausalPose& pose, double now_s) {
  if (now_s - state_->looked_s < kWatchEvery) return;
  const at::NoGradGuard no_grad;
  state_->look(pose, now_s);
}

void LivePlayer::forget_movement() {
  state_->motion = at::Tensor();
  state_->motion_state = {};
}

}  // namespace minet::generation
