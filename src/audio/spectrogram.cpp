// Magnitudes from stft.hpp, and the log scale and its inverse.
#include "minet/audio/spectrogram.hpp"

#include <algorithm>
#include <cmath>

#include "audio/fast_math.hpp"
#include "core/clones.hpp"
#include "minet/audio/stft.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::audio {
namespace {

constexpr double kDecibelsPerNeper = 8.685889638065036553;  // 20 / ln 10
constexpr double kSilentMargin = 0.5;                       // dB above the floor: still silence
constexpr double kLoudest = 60;      // dB above the reference: limit for a network's output
constexpr float kLargestLog1p = 30;  // ln(1 + m): the same limit, m about 1e13

Stft make_stft(const config::SpectrogramConfig& config) {
  if (config.bins < 1 || config.bins > config.n_fft / 2 + 1) {
    throw InputError(text("expected 1 to n_fft / 2 + 1 = ", config.n_fft / 2 + 1,
                          " bins in the spectrogram's configuration, got ", config.bins));
  }
  return Stft({.n_fft = config.n_fft, .hop = config.hop});
}

MINET_CLONES void to_decibels(std::span<float> values, float to_unit, float least, float gain,
                              float shift) {
  for (float& value : values) {
    const float unit = value * to_unit;
    value = gain * fast_log(unit > least ? unit : least) + shift;
  }
}

MINET_CLONES void to_log1p(std::span<float> values, float gain, float shift) {
  for (float& value : values) value = gain * fast_log(1.0F + value) + shift;
}

struct Nepers {  // standardised value -> nepers, and their limits
  float gain, shift, silent, loudest, reference;
};

MINET_CLONES void from_decibels(std::span<float> values, const Nepers& scale) {
  const Nepers n = scale;
  for (float& value : values) {
    const float nepers = value * n.gain + n.shift;
    const float m = n.reference * fast_exp(nepers < n.loudest ? nepers : n.loudest);
    value = nepers >= n.silent ? m : 0.0F;
  }
}

MINET_CLONES void from_log1p(std::span<float> values, float gain, float shift) {
  for (float& value : values) {
    const float log = value * gain + shift;
    const float m = fast_exp(log < kLargestLog1p ? log : kLargestLog1p) - 1.0F;
    value = m > 0.0F ? m : 0.0F;
  }
}

float floor_ratio(const SpectrogramScale& scale) {  // floor / reference
  return static_cast<float>(std::pow(10.0, scale.floor_db / 20));
}

void check(const SpectrogramScale& scale) {
  const bool right = std::isfinite(scale.reference) && scale.reference > 0 && scale.floor_db < 0 &&
                     scale.floor_db >= -200 && std::isfinite(scale.mean) &&
                     std::isfinite(scale.deviation) && scale.deviation > 0;
  if (!right) {
    throw InputError(
        text("expected a spectrogram scale with reference and deviation above 0 and a "
             "floor of -200 to 0 dB, got reference ",
             scale.reference, ", floor ", scale.floor_db, " dB, mean ", scale.mean, ", deviation ",
             scale.deviation));
  }
}

}  // namespace

Spectrogram magnitude(const Sound& sound, const config::SpectrogramConfig& config) {
  if (sound.sample_rate != config.sample_rate) {
    throw InputError(text("expected a sound of ", config.sample_rate,
                          " Hz for the spectrogram, got ", sound.sample_rate, " Hz; resample it"));
  }
  const Stft stft = make_stft(config);
  Spectrogram out{.frames = stft.frames_of(static_cast<std::int64_t>(sound.samples.size())),
                  .bins = config.bins,
                  .values = {}};
  out.values.resize(static_cast<std::size_t>(out.frames * out.bins));
  stft.magnitudes(sound.samples, out.bins, out.values);
  return out;
}

SampleRange samples_of_frames(std::int64_t first_frame, std::int64_t frames,
                              const config::SpectrogramConfig& config) {
  return {.first = first_frame * config.hop - config.n_fft / 2,
          .count = frames < 1 ? 0 : (frames - 1) * config.hop + config.n_fft};
}

Spectrogram magnitude_of_frames(std::span<const float> samples_with_margin,
                                const config::SpectrogramConfig& config) {
  const Stft stft = make_stft(config);
  const auto count = static_cast<std::int64_t>(samples_with_margin.size());
  Spectrogram out{.frames = std::max<std::int64_t>(0, (count - config.n_fft) / config.hop + 1),
                  .bins = config.bins,
                  .values = {}};
  out.values.resize(static_cast<std::size_t>(out.frames * out.bins));
  stft.magnitudes_clip(samples_with_margin, out.bins, out.values);
  return out;
}

void to_log(const SpectrogramScale& scale, std::span<float> magnitudes) {
  check(scale);
  if (scale.kind == config::LogScale::decibel) {
    const auto to_unit = static_cast<float>(1 / scale.reference);
    const float least = floor_ratio(scale);
    const auto gain = static_cast<float>(kDecibelsPerNeper / scale.deviation);
    const auto shift = static_cast<float>(-scale.mean / scale.deviation);
    to_decibels(magnitudes, to_unit, least, gain, shift);
  } else {
    const auto gain = static_cast<float>(1 / scale.deviation);
    const auto shift = static_cast<float>(-scale.mean / scale.deviation);
    to_log1p(magnitudes, gain, shift);
  }
}

void to_linear(const SpectrogramScale& scale, std::span<float> values) {
  check(scale);
  if (scale.kind == config::LogScale::decibel) {
    // In nepers relative to the reference, so that the exponential needs no further constants.
    from_decibels(
        values, {.gain = static_cast<float>(scale.deviation / kDecibelsPerNeper),
                 .shift = static_cast<float>(scale.mean / kDecibelsPerNeper),
                 .silent = static_cast<float>((scale.floor_db + kSilentMargin) / kDecibelsPerNeper),
                 .loudest = static_cast<float>(kLoudest / kDecibelsPerNeper),
                 .reference = static_cast<float>(scale.reference)});
  } else {
    from_log1p(values, static_cast<float>(scale.deviation), static_cast<float>(scale.mean));
  }
}

ScaleEstimator::ScaleEstimator(config::LogScale kind, double floor_db) {
  raw_.kind = kind;
  raw_.floor_db = floor_db;
  raw_.reference = 0;
}

void ScaleEstimator::see_maximum(std::span<const float> magnitudes) {
  if (values_seen_) throw WorkError("expected all maxima of a scale before its first values");
  float largest = 0;
  for (const float value : magnitudes) largest = value > largest ? value : largest;
  raw_.reference = std::max(raw_.reference, static_cast<double>(largest));
}

void ScaleEstimator::join_maximum(const ScaleEstimator& other) {
  if (values_seen_) throw WorkError("expected all maxima of a scale before its first values");
  raw_.reference = std::max(raw_.reference, other.raw_.reference);
}

void ScaleEstimator::join_values(const ScaleEstimator& other) {
  if (!other.values_seen_) return;
  raw_.reference = other.raw_.reference;
  values_seen_ = true;
  count_ += other.count_;
  sum_ += other.sum_;
  squares_ += other.squares_;
}

void ScaleEstimator::see_values(std::span<const float> magnitudes) {
  if (!values_seen_ && !(raw_.reference > 0)) raw_.reference = 1;  // the corpus is silent
  values_seen_ = true;
  constexpr std::size_t kBlock = 4096;
  while (!magnitudes.empty()) {
    const auto block = magnitudes.first(std::min(kBlock, magnitudes.size()));
    buffer_.assign(block.begin(), block.end());
    to_log(raw_, buffer_);
    for (const float value : buffer_) {
      sum_ += value;
      squares_ += static_cast<double>(value) * value;
    }
    count_ += static_cast<double>(block.size());
    magnitudes = magnitudes.subspan(block.size());
  }
}

SpectrogramScale ScaleEstimator::finish() const {
  if (!(count_ > 0)) {
    throw WorkError("expected magnitudes to estimate a spectrogram scale from, got none");
  }
  SpectrogramScale scale = raw_;
  scale.mean = sum_ / count_;
  const double variance = squares_ / count_ - scale.mean * scale.mean;
  scale.deviation = variance > 1e-8 ? std::sqrt(variance) : 1.0;
  return scale;
}

double spectral_convergence_db(const Spectrogram& target, const Spectrogram& estimate) {
  if (target.bins != estimate.bins || estimate.frames < target.frames) {
    throw InputError(text("expected an estimate of at least ", target.frames, " frames of ",
                          target.bins, " bins, got ", estimate.frames, " of ", estimate.bins));
  }
  double difference = 0;
  double energy = 0;
  for (std::size_t i = 0; i < target.values.size(); ++i) {
    const double d = static_cast<double>(target.values[i]) - estimate.values[i];
    difference += d * d;
    energy += static_cast<double>(target.values[i]) * target.values[i];
  }
  constexpr double kTiny = 1e-300;
  return std::clamp(10 * std::log10((difference + kTiny) / (energy + kTiny)), -200.0, 200.0);
}

}  // namespace minet::audio
