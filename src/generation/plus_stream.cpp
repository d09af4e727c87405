#include "minet/generation/plus_stream.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <span>

#include "minet/generation/sampling.hpp"
#include "models/cpu/compute_paths.hpp"
#include "models/plus/in_pieces.hpp"

namespace minet::generation {
namespace {

using models::ControlTokens;
using models::joined;
using models::last_of;
using models::SynthesiserInput;

}  // namespace

SoundStream::SoundStream(models::PlusModel& model, std::uint64_t seed)
    : model_(model),
      generator_(at::make_generator<at::CPUGeneratorImpl>(derive_seed(seed, "noise"))) {}

at::Tensor SoundStream::noise_of(const at::Tensor& bands) {
  const std::int64_t hop = model_.config.spectrogram.hop;
  const std::int64_t samples = bands.size(1) * hop;
  const at::Tensor white =
      (at::rand({bands.size(0), samples}, generator_, at::TensorOptions(at::kFloat)) * 2 - 1)
          .to(bands.device());
  at::Tensor whole = models::filtered_noise(bands, white, hop);
  if (tail_.defined()) whole.slice(1, 0, hop) += tail_;
  tail_ = whole.slice(1, samples);
  const at::Tensor ready = whole.slice(1, 0, samples);
  return ready_.defined() ? at::cat({ready_, ready}, 1) : ready.slice(1, bands.size(2) - 1);
}

at::Tensor SoundStream::add(const SynthesiserInput& frames, const at::Tensor& body) {
  const at::NoGradGuard no_grad;
  const std::int64_t hop = model_.config.spectrogram.hop;
  const models::Partials partials = model_.synthesiser->forward(frames, body, &state_);
  const at::Tensor hz = joined(hz_, frames.hz), harmonics = joined(harmonics_, partials.harmonics);
  hz_ = last_of(hz), harmonics_ = last_of(harmonics);
  const at::Tensor noise = noise_of(partials.noise);
  const std::int64_t samples = (hz.size(1) - 1) * hop;
  ready_ = noise.slice(1, samples);
  if (samples == 0) return at::empty({hz.size(0), 0}, hz.options());
  const at::Tensor phases = models::phases_of(hz, model_.config.spectrogram, &cycles_);
  return models::tones_of(harmonics, phases, hop) + noise.slice(1, 0, samples);
}

at::Tensor SoundStream::finish() {
  const at::NoGradGuard no_grad;
  const std::int64_t hop = model_.config.spectrogram.hop;
  const at::Tensor phases =
      models::phases_of(hz_.repeat({1, 2}), model_.config.spectrogram, &cycles_);
  const at::Tensor noise = at::cat({ready_, tail_}, 1).slice(1, 0, hop);
  return models::tones_of(harmonics_.repeat({1, 2, 1}), phases, hop) + noise;
}

ControlStream::ControlStream(models::PlusModel& model, std::int64_t batch,
                             const SamplingOptions& options)
    : model_(model),
      options_(options),
      level_options_(options),
      ringing_(static_cast<std::size_t>(batch), 0) {
  level_options_.temperature *= options.level_temperature;
  if (models::compute_paths().packed_sampling && models::FastControls::can_run(model.prior)) {
    fast_ = std::make_unique<models::FastControls>(model.prior, batch);
  }
  for (std::int64_t b = 0; b < batch; ++b) {
    random_.emplace_back(derive_seed(options.seed, "controls", static_cast<std::uint64_t>(b)));
  }
}

// One value for each piece, as a tensor on the logits' device.
template <class Choose>
at::Tensor ControlStream::chosen(const at::Tensor& logits, const Choose& choose) {
  const at::Tensor here = logits.to(at::kCPU, at::kFloat).contiguous();  // [B, symbols]
  const auto width = static_cast<std::size_t>(here.size(1));
  at::Tensor values = at::empty({here.size(0)}, at::TensorOptions(at::kLong).device(at::kCPU));
  auto* value = values.mutable_data_ptr<std::int64_t>();
  for (std::size_t b = 0; b < random_.size(); ++b) {
    value[b] = choose(b, std::span{here.const_data_ptr<float>() + b * width, width});
  }
  return values.to(logits.device());
}

std::int64_t ControlStream::drawn(std::size_t piece, Logits logits,
                                  const SamplingOptions& options) {
  return draw(logits, options, random_[piece].uniform());
}

// After a note has ended its pitch may ring on.
std::int64_t ControlStream::pitch_of(std::size_t piece, std::int64_t note, Logits logits) {
  std::int64_t& ringing = ringing_[piece];
  if (note > 0) {
    ringing = note;
  } else if (ringing > 0) {
    const float two[] = {logits[0], logits[static_cast<std::size_t>(ringing)]};
    if (drawn(piece, two, options_) == 0) ringing = 0;
  }
  return ringing;
}

at::Tensor ControlStream::prepare(const at::Tensor& condition) const {
  return fast_ ? fast_->prepare(condition) : condition;
}

ControlTokens ControlStream::next_packed(const at::Tensor& prepared,
                                         const std::vector<Forced>& forced) {
  const auto values = [](const at::Tensor& x) {
    if (!x.defined()) return std::span<const std::int64_t>();
    return std::span(x.const_data_ptr<std::int64_t>(), static_cast<std::size_t>(x.numel()));
  };
  fast_->advance(values(last_.onset), values(last_.pitch), values(last_.level), prepared);
  const auto empty = [&] {
    return at::empty({static_cast<std::int64_t>(random_.size())},
                     at::TensorOptions(at::kLong).device(at::kCPU));
  };
  ControlTokens now{empty(), empty(), empty()};
  auto* onsets = now.onset.mutable_data_ptr<std::int64_t>();
  auto* pitches = now.pitch.mutable_data_ptr<std::int64_t>();
  auto* levels = now.level.mutable_data_ptr<std::int64_t>();
  for (std::size_t b = 0; b < random_.size(); ++b) {
    const auto piece = static_cast<std::int64_t>(b);
    const Forced asked = b < forced.size() ? forced[b] : Forced{};
    const std::int64_t onset =
        asked.note >= 0 ? asked.onset : drawn(b, fast_->free_onset_logits(piece), options_);
    const std::int64_t pitch = asked.note >= 0
                                   ? pitch_of(b, asked.note, fast_->pitch_logits(piece, onset))
                                   : drawn(b, fast_->free_pitch_logits(piece, onset), options_);
    levels[b] = drawn(b, fast_->level_logits(piece, onset, pitch), level_options_);
    onsets[b] = onset, pitches[b] = pitch;
  }
  last_ = now;
  return now;
}

ControlTokens ControlStream::next(const at::Tensor& prepared, const std::vector<Forced>& forced) {
  if (fast_) return next_packed(prepared, forced);
  const auto asked = [&](std::size_t b) { return b < forced.size() ? forced[b] : Forced{}; };
  const at::Tensor trunk = model_.prior->advance(last_, prepared, state_);
  ControlTokens now;
  now.onset =
      chosen(model_.prior->free_onset_logits(trunk, prepared), [&](std::size_t b, Logits logits) {
        return asked(b).note >= 0 ? asked(b).onset : drawn(b, logits, options_);
      });
  const at::Tensor pitches = at::cat({model_.prior->pitch_logits(trunk, now.onset),
                                      model_.prior->free_pitch_logits(trunk, now.onset, prepared)},
                                     1);
  now.pitch = chosen(pitches, [&](std::size_t b, Logits logits) {
    return asked(b).note >= 0 ? pitch_of(b, asked(b).note, logits.first(models::kPitchSymbols))
                              : drawn(b, logits.last(models::kPitchSymbols), options_);
  });
  now.level =
      chosen(model_.prior->level_logits(trunk, now.onset, now.pitch),
             [&](std::size_t b, Logits logits) { return drawn(b, logits, level_options_); });
  last_ = now;
  return now;
}

}  // namespace minet::generation
