#include "minet/audio/controls.hpp"

#include <algorithm>
#include <cmath>

#include "minet/audio/onsets.hpp"
#include "minet/audio/pitch.hpp"
#include "minet/audio/stft.hpp"

namespace minet::audio {
namespace {

constexpr float kNoPitchHz = 220;  // for a sound that is never voiced

// A-weighting of a frequency as a power gain; 1 at 1 kHz (IEC 61672-1, equation E.1).
double a_weight(double hz) {
  const double f = hz * hz;
  const auto square = [](double x) { return x * x; };
  const double gain = square(12194) * square(f) /
                      ((f + square(20.6)) * std::sqrt((f + square(107.7)) * (f + square(737.9))) *
                       (f + square(12194)));
  return square(gain) * std::pow(10, 0.2);
}

std::vector<float> loudness_of(const Sound& sound, std::int64_t hop) {
  const std::int64_t n_fft =
      std::max<std::int64_t>(4 * hop, std::llround(0.064 * sound.sample_rate / 2) * 2);  // 64 ms
  const Stft stft({.n_fft = n_fft, .hop = hop});
  const auto frames = stft.frames_of(static_cast<std::int64_t>(sound.samples.size()));
  const auto bins = static_cast<std::size_t>(stft.bins());
  std::vector<float> magnitudes(static_cast<std::size_t>(frames) * bins);
  stft.magnitudes(sound.samples, stft.bins(), magnitudes);
  std::vector<double> weights(bins);
  // Parseval's theorem for a one-sided spectrum and a Hann window, whose mean square is 3/8.
  const double scale = 2 / (0.375 * static_cast<double>(n_fft) * static_cast<double>(n_fft));
  for (std::size_t k = 0; k < bins; ++k) {
    weights[k] =
        scale * a_weight(static_cast<double>(k) * sound.sample_rate / static_cast<double>(n_fft));
  }
  std::vector<float> loudness;
  for (std::size_t t = 0; t < static_cast<std::size_t>(frames); ++t) {
    double power = 0;
    for (std::size_t k = 0; k < bins; ++k) {
      const double magnitude = magnitudes[t * bins + k];
      power += weights[k] * magnitude * magnitude;
    }
    loudness.push_back(
        std::max(kLeastLoudness, static_cast<float>(10 * std::log10(power + 1e-30))));
  }
  return loudness;
}

}  // namespace

Controls find_controls(const Sound& sound, std::int64_t hop) {
  const double highest = std::min(PitchOptions{}.highest_hz, sound.sample_rate / 4.0);
  PitchTrack pitch = track_pitch(sound, {.highest_hz = highest, .hop = hop});
  Controls controls;
  controls.onsets = find_onsets(sound, pitch);
  controls.loudness = loudness_of(sound, hop);
  controls.hz = std::move(pitch.hz);
  const std::size_t frames = sound.samples.size() / static_cast<std::size_t>(hop);
  controls.hz.resize(frames);
  controls.loudness.resize(frames);
  return controls;
}

void hold_pitch(std::vector<float>& hz) {
  const auto first = std::find_if(hz.begin(), hz.end(), [](float value) { return value > 0; });
  float last = first == hz.end() ? kNoPitchHz : *first;
  for (float& value : hz) {
    if (value > 0) last = value;
    value = last;
  }
}

}  // namespace minet::audio
