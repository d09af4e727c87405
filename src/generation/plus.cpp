#include "minet/generation/plus.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cmath>

#include "minet/audio/controls.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/random.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"
#include "minet/pose/prepare.hpp"
#include "minet/score/note_indices.hpp"

namespace minet::generation {
namespace {

constexpr std::int64_t kBlock = 256;  // frames of sound made at a time
constexpr double kRestHz = 220;       // before the first pitch
constexpr float kHighestPeak = 0.99f;

using models::ControlTokens;

// What the notes ask of one piece, frame by frame.
class Forcing {
 public:
  Forcing(const models::NoteInput& notes, std::int64_t row) {
    if (!notes.note.defined() || !notes.present[row].item<bool>()) return;
    const auto copy = [&](const at::Tensor& values) {
      const at::Tensor here = values[row].to(at::kCPU, at::kLong).contiguous();
      const std::int64_t* first = here.const_data_ptr<std::int64_t>();
      return std::vector<std::int64_t>(first, first + here.numel());
    };
    note_ = copy(notes.note), onset_ = copy(notes.onset);
  }
  bool on() const { return !note_.empty(); }
  std::int64_t onset(std::int64_t t) const { return onset_[static_cast<std::size_t>(t)]; }
  // `rings` says whether a pitch that no longer sounds by the notes goes on.
  template <class Rings>
  std::int64_t pitch(std::int64_t t, const Rings& rings) {
    const std::int64_t note = note_[static_cast<std::size_t>(t)];
    if (note > 0) {
      ringing_ = note;
    } else if (ringing_ > 0 && !rings(ringing_)) {
      ringing_ = 0;
    }
    return ringing_;
  }

 private:
  std::vector<std::int64_t> note_, onset_;
  std::int64_t ringing_ = 0;
};

class Drawer {
 public:
  Drawer(models::PlusModel& model, const PlusPlayer& player, const models::NoteInput& notes,
         const SamplingOptions& options)
      : model_(model), options_(options), level_options_(options) {
    level_options_.temperature *= options.level_temperature;
    condition_ = model.prior->condition(player.body, player.motion, notes);
    for (std::int64_t b = 0; b < condition_.size(0); ++b) {
      random_.emplace_back(derive_seed(options.seed, "controls", static_cast<std::uint64_t>(b)));
      forcing_.emplace_back(notes, b);
    }
    const auto shape = condition_.sizes().slice(0, 2);
    tokens_ = {at::zeros(shape, at::kLong), at::zeros(shape, at::kLong),
               at::zeros(shape, at::kLong)};
  }

  void step(std::int64_t t) {
    const at::Tensor trunk = model_.prior->advance(last_, condition_.select(1, t), state_);
    ControlTokens now;
    now.onset = chosen(tokens_.onset, t, model_.prior->onset_logits(trunk),
                       [&](std::size_t b, std::span<const float> logits) {
                         return forcing_[b].on() ? forcing_[b].onset(t)
                                                 : draw(logits, options_, uniform(b));
                       });
    now.pitch = chosen(tokens_.pitch, t, model_.prior->pitch_logits(trunk, now.onset),
                       [&](std::size_t b, std::span<const float> logits) {
                         if (!forcing_[b].on()) return draw(logits, options_, uniform(b));
                         return forcing_[b].pitch(t, [&](std::int64_t pitch) {
                           const float two[] = {logits[0], logits[static_cast<std::size_t>(pitch)]};
                           return draw(two, options_, uniform(b)) == 1;
                         });
                       });
    now.level = chosen(tokens_.level, t, model_.prior->level_logits(trunk, now.onset, now.pitch),
                       [&](std::size_t b, std::span<const float> logits) {
                         return draw(logits, level_options_, uniform(b));
                       });
    last_ = now;
  }
  const ControlTokens& tokens() const { return tokens_; }

 private:
  double uniform(std::size_t b) { return random_[b].uniform(); }

  // One value of each piece, into column t and as a tensor on the device.
  template <class Choose>
  at::Tensor chosen(at::Tensor& into, std::int64_t t, const at::Tensor& logits,
                    const Choose& choose) {
    const at::Tensor here = logits.to(at::kCPU, at::kFloat).contiguous();  // [B, symbols]
    const auto width = static_cast<std::size_t>(here.size(1));
    auto values = into.accessor<std::int64_t, 2>();
    for (std::int64_t b = 0; b < here.size(0); ++b) {
      const auto row = static_cast<std::size_t>(b);
      values[b][t] = choose(row, {here.const_data_ptr<float>() + row * width, width});
    }
    return into.select(1, t).to(logits.device());
  }

  models::PlusModel& model_;
  SamplingOptions options_, level_options_;
  at::Tensor condition_, state_;
  std::vector<Random> random_;
  std::vector<Forcing> forcing_;
  ControlTokens tokens_, last_;
};

// The frames of the synthesiser, two a token: the second lies between two tokens.
models::SynthesiserInput input_of(const ControlTokens& tokens, const config::TrainConfig& config,
                                  const at::Device& device) {
  const at::Tensor level = models::loudness_of_levels(tokens.level, config.plus.levels);  // [B, T]
  const at::Tensor next = at::cat({level.slice(1, 1), level.slice(1, -1)}, 1);
  const at::Tensor loudness = at::stack({level, (level + next) / 2}, 2).flatten(1);
  at::Tensor hz = at::empty(tokens.pitch.sizes(), at::kFloat);
  auto values = hz.accessor<float, 2>();
  const auto pitch = tokens.pitch.accessor<std::int64_t, 2>();
  for (std::int64_t b = 0; b < pitch.size(0); ++b) {
    double last = kRestHz;
    for (std::int64_t t = 0; t < pitch.size(1); ++t) {
      if (pitch[b][t] > 0) last = 440 * std::exp2(static_cast<double>(pitch[b][t] - 70) / 12);
      values[b][t] = static_cast<float>(last);
    }
  }
  const auto twice = [](const at::Tensor& x) {
    return x.repeat_interleave(models::kFramesOfToken, 1);
  };
  return {twice(hz).to(device), twice((tokens.pitch > 0).to(at::kFloat)).to(device),
          loudness.to(device)};
}

models::SynthesiserInput part_of(const models::SynthesiserInput& input, std::int64_t first,
                                 std::int64_t end) {
  return {input.hz.slice(1, first, end), input.voiced.slice(1, first, end),
          input.loudness.slice(1, first, end)};
}

at::Tensor with_last_again(const at::Tensor& x) {  // along time
  return at::cat({x, x.slice(1, -1)}, 1);
}

// The sound of any controls, block by block without seams.
std::vector<audio::Sound> sounds_of(models::PlusModel& model, const models::SynthesiserInput& input,
                                    const at::Tensor& body, std::uint64_t seed) {
  const at::NoGradGuard no_grad;
  model.train(false);
  const config::SpectrogramConfig& shape = model.config.spectrogram;
  const std::int64_t batch = body.size(0), frames = input.hz.size(1);
  std::vector<at::Tensor> harmonics, noises;
  at::Tensor state;
  for (std::int64_t first = 0; first < frames; first += kBlock) {
    throw_if_stopped_while("making the sound");
    const models::Partials part = model.synthesiser->forward(
        part_of(input, first, std::min(frames, first + kBlock)), body, &state);
    harmonics.push_back(part.harmonics), noises.push_back(part.noise);
  }
  const models::Partials all{with_last_again(at::cat(harmonics, 1)),
                             with_last_again(at::cat(noises, 1))};
  const at::Tensor phases = models::phases_of(with_last_again(input.hz), shape);
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(derive_seed(seed, "noise"));
  const at::Tensor noise =
      (at::rand({batch, frames * shape.hop}, generator, at::TensorOptions(at::kFloat)) * 2 - 1)
          .to(body.device());
  at::Tensor whole = at::empty({batch, frames * shape.hop}, at::kFloat);
  for (std::int64_t first = 0; first < frames; first += kBlock) {
    throw_if_stopped_while("making the sound");
    const std::int64_t end = std::min(frames, first + kBlock);
    const std::int64_t before =
        std::max<std::int64_t>(0, first - 1);  // its noise reaches into this
    const models::Partials part{all.harmonics.slice(1, before, end + 1),
                                all.noise.slice(1, before, end + 1)};
    const at::Tensor sound =
        models::sound_of(part, phases.slice(1, before * shape.hop, end * shape.hop),
                         noise.slice(1, before * shape.hop, end * shape.hop), shape.hop);
    whole.slice(1, first * shape.hop, end * shape.hop)
        .copy_(sound.slice(1, (first - before) * shape.hop));
  }
  std::vector<audio::Sound> sounds;
  for (std::int64_t b = 0; b < batch; ++b) {
    const float* first = whole.const_data_ptr<float>() + b * whole.size(1);
    audio::Sound sound{.sample_rate = static_cast<int>(shape.sample_rate),
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
  // At once: of an hour all would take 6 s that nothing can stop.
  constexpr std::size_t kClips = 32;
  std::vector<at::Tensor> clips, bodies;
  const auto add_bodies = [&] {
    throw_if_stopped_while("watching the player");
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
  return {body, model.motion->forward(window(0, count), body, frames, ratio)};
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
  Drawer drawer(model, player, here, options);
  const std::int64_t frames = player.motion.size(1);
  for (std::int64_t t = 0; t < frames; ++t) {
    if (stop_signal() != 0) {
      throw Interrupted(text("stopped at frame ", t, " of ", frames, "; nothing was written"),
                        stop_signal());
    }
    drawer.step(t);
    if (progress) progress(t + 1);
  }
  return drawer.tokens();
}

std::vector<audio::Sound> play(models::PlusModel& model, const ControlTokens& tokens,
                               const at::Tensor& body, std::uint64_t seed) {
  return sounds_of(model, input_of(tokens, model.config, body.device()), body, seed);
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
