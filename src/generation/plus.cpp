#include "minet/generation/plus.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "minet/audio/controls.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"
#include "minet/generation/plus_stream.hpp"
#include "minet/models/frame_stream.hpp"
#include "minet/pose/prepare.hpp"
#include "minet/score/note_indices.hpp"

namespace minet::generation {
namespace {

constexpr std::int64_t kBlock = 256;  // frames processed at a time
constexpr float kHighestPeak = 0.99f;

using models::ControlTokens;

// What the notes require of each piece, frame by frame; nothing for pieces without notes.
class Forcing {
 public:
  Forcing(const models::NoteInput& notes, std::int64_t batch) {
    for (std::int64_t b = 0; b < batch; ++b) {
      pieces_.emplace_back();
      if (!notes.note.defined() || !notes.present[b].item<bool>()) continue;
      const at::Tensor rows =
          at::stack({notes.note[b], notes.onset[b]}, 1).to(at::kCPU, at::kLong).contiguous();
      const auto* values = rows.const_data_ptr<std::int64_t>();
      for (std::int64_t t = 0; t < rows.size(0); ++t) {
        pieces_.back().push_back({.note = values[2 * t], .onset = values[2 * t + 1]});
      }
    }
  }
  std::vector<ControlStream::Forced> at(std::int64_t t) const {
    std::vector<ControlStream::Forced> asked;
    for (const auto& piece : pieces_) {
      asked.push_back(piece.empty() ? ControlStream::Forced{} : piece[static_cast<std::size_t>(t)]);
    }
    return asked;
  }

 private:
  std::vector<std::vector<ControlStream::Forced>> pieces_;
};

models::SynthesiserInput part_of(const models::SynthesiserInput& input, std::int64_t first,
                                 std::int64_t end, const at::Device& device) {
  const auto part = [&](const at::Tensor& x) { return x.slice(1, first, end).to(device); };
  return {part(input.hz), part(input.voiced), part(input.loudness)};
}

// The sound of given controls.
std::vector<audio::Sound> sounds_of(models::PlusModel& model, const models::SynthesiserInput& input,
                                    const at::Tensor& body, std::uint64_t seed) {
  model.train(false);
  const std::int64_t frames = input.hz.size(1), hop = model.config.spectrogram.hop;
  at::Tensor whole =
      at::empty({body.size(0), frames * hop}, at::TensorOptions(at::kFloat).device(at::kCPU));
  std::int64_t done = 0;
  const auto keep = [&](const at::Tensor& sound) {
    whole.slice(1, done, done + sound.size(1)).copy_(sound);
    done += sound.size(1);
  };
  SoundStream stream(model, seed);
  for (std::int64_t first = 0; first < frames; first += kBlock) {
    throw_if_stopped_while("synthesising");
    const std::int64_t end = std::min(frames, first + kBlock);
    keep(stream.add(part_of(input, first, end, body.device()), body));
  }
  keep(stream.finish());
  std::vector<audio::Sound> sounds;
  for (std::int64_t b = 0; b < body.size(0); ++b) {
    const float* first = whole.const_data_ptr<float>() + b * whole.size(1);
    audio::Sound sound{.sample_rate = static_cast<int>(model.config.spectrogram.sample_rate),
                       .samples = {first, first + whole.size(1)}};
    float peak = 0;
    for (const float sample : sound.samples) peak = std::max(peak, std::abs(sample));
    if (peak > kHighestPeak) {
      for (float& sample : sound.samples) sample *= kHighestPeak / peak;
    }
    sounds.push_back(std::move(sound));
  }
  return sounds;
}

}  // namespace

PlusPlayer players_of(models::PlusModel& model, const at::Tensor& poses) {
  const at::NoGradGuard no_grad;
  const std::int64_t frames = model.config.clip_frames() / models::kFramesOfToken;
  const at::Tensor body = model.body->forward(poses);
  const double ratio = models::pose_frames_of_token(model.config);
  return {body, model.motion->forward(poses, body, frames, ratio)};
}

PlusPlayer player_of(models::PlusModel& model, const pose::PoseSequence& normalised,
                     std::int64_t frames) {
  const at::NoGradGuard no_grad;
  const config::TrainConfig& config = model.config;
  const at::Device device = model.body->parameters().front().device();
  const auto window = [&](double start_s, std::int64_t count) {
    const std::vector<float> values =
        pose::pose_window(normalised, start_s, count, config.pose.fps);
    return at::tensor(values).view({1, count, pose::kPoseWidth}).to(device);
  };
  const double clip = config.data.clip_seconds;
  const double last = std::max(0.0, normalised.seconds() - clip);
  // Clips per call: all of an hour's together would take 6 s that cannot be interrupted.
  constexpr std::size_t kClips = 32;
  std::vector<at::Tensor> clips, bodies;
  const auto add_bodies = [&] {
    throw_if_stopped_while("encoding movements");
    bodies.push_back(model.body->forward(at::cat(clips)));
    clips.clear();
  };
  for (double start = 0; start < last + clip / 2; start += clip) {
    clips.push_back(window(std::min(start, last), config.clip_pose_frames()));
    if (clips.size() == kClips) add_bodies();
  }
  if (!clips.empty()) add_bodies();
  const double ratio = models::pose_frames_of_token(config);
  const auto count = static_cast<std::int64_t>(std::ceil(static_cast<double>(frames) * ratio)) + 1;
  const at::Tensor body = at::cat(bodies).mean(0, true);
  // The mean posture is that of all poses, however few frames are generated.
  const auto poses =
      std::max<std::int64_t>(1, std::llround(normalised.seconds() * config.pose.fps));
  const at::Tensor whole = window(0, std::max(count, poses));
  const at::Tensor mean = whole.narrow(1, 0, poses).mean(1, true);
  return {body, model.motion->forward(whole.narrow(1, 0, count), body, frames, ratio,
                                      /*live=*/false, mean)};
}

models::NoteInput note_input(std::span<const score::Note> notes, const config::TrainConfig& config,
                             std::int64_t frames, double start_s) {
  const double rate = models::token_rate(config);
  at::Tensor onset = at::zeros({1, frames}, at::kLong);
  for (const score::Note& note : notes) {
    const std::int64_t at = std::llround((note.onset_s - start_s) * rate);
    if (at >= 0 && at < frames) onset[0][at] = 1;
  }
  return {at::tensor(score::note_indices(notes, frames, rate, start_s), at::kLong).unsqueeze(0),
          onset, at::ones({1}, at::kBool)};
}

ControlTokens draw_controls(models::PlusModel& model, const PlusPlayer& player,
                            const models::NoteInput& notes, const SamplingOptions& options,
                            const std::function<void(std::int64_t)>& progress) {
  check(options);
  const at::NoGradGuard no_grad;
  model.train(false);
  const at::Device device = player.body.device();
  const models::NoteInput here =
      notes.note.defined() ? models::NoteInput{notes.note.to(device), notes.onset.to(device),
                                               notes.present.to(device)}
                           : notes;
  const at::Tensor condition = model.prior->condition(player.body, player.motion, here);
  const std::int64_t batch = condition.size(0), frames = condition.size(1);
  const Forcing forcing(notes, batch);
  ControlStream stream(model, batch, options);
  const auto empty = [&] {
    return at::zeros({batch, frames}, at::TensorOptions(at::kLong).device(at::kCPU));
  };
  ControlTokens tokens{empty(), empty(), empty()};
  at::Tensor prepared;
  for (std::int64_t t = 0; t < frames; ++t) {
    if (t % kBlock == 0) {
      prepared = stream.prepare(condition.slice(1, t, std::min(frames, t + kBlock)));
    }
    if (stop_signal() != 0) {
      throw Interrupted(text("stopped at frame ", t, " of ", frames, "; nothing was written"),
                        stop_signal());
    }
    const ControlTokens now = stream.next(prepared.select(1, t % kBlock), forcing.at(t));
    tokens.onset.select(1, t).copy_(now.onset);
    tokens.pitch.select(1, t).copy_(now.pitch);
    tokens.level.select(1, t).copy_(now.level);
    if (progress) progress(t + 1);
  }
  return tokens;
}

std::vector<audio::Sound> play(models::PlusModel& model, const ControlTokens& tokens,
                               const at::Tensor& body, std::uint64_t seed) {
  return sounds_of(model, models::frames_of(tokens, model.config), body, seed);
}

audio::Sound play_again(models::PlusModel& model, const audio::Sound& recorded,
                        const at::Tensor& body, std::uint64_t seed) {
  audio::Controls controls = audio::find_controls(recorded, model.config.spectrogram.hop);
  const auto row = [&](const std::vector<float>& values) {
    return at::tensor(values).unsqueeze(0).to(body.device());
  };
  std::vector<float> voiced;
  for (const float hz : controls.hz) voiced.push_back(hz > 0 ? 1.0f : 0.0f);
  audio::hold_pitch(controls.hz);
  audio::Sound sound =
      sounds_of(model, {row(controls.hz), row(voiced), row(controls.loudness)}, body, seed).front();
  sound.samples.resize(recorded.samples.size());
  return sound;
}

}  // namespace minet::generation
