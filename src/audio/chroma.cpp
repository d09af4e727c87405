#include "minet/audio/chroma.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "minet/audio/stft.hpp"

namespace minet::audio {
namespace {

constexpr std::int64_t kChromaWindow = 2048;  // samples: bins of 7.8 Hz at 16 kHz
constexpr double kLowestHz = 30, kHighestHz = 5000;
constexpr float kPeakShare = 1e-2F;       // -40 dB of the frame's largest magnitude between them
constexpr float kLeastMagnitude = 1e-3F;  // silence: a full-scale sine gives about 500
constexpr double kWidth = 4.0 / 3.0;      // semitones

}  // namespace

std::vector<Chroma> chroma(const Sound& sound, std::int64_t hop) {
  const Stft stft({.n_fft = kChromaWindow, .hop = hop});
  const std::int64_t frames = stft.frames_of(static_cast<std::int64_t>(sound.samples.size()));
  const std::int64_t bins = stft.bins();
  std::vector<float> magnitudes(static_cast<std::size_t>(frames * bins));
  stft.magnitudes(sound.samples, bins, magnitudes);
  const double hz_per_bin = static_cast<double>(sound.sample_rate) / kChromaWindow;
  const auto first = static_cast<std::int64_t>(std::ceil(kLowestHz / hz_per_bin));
  const auto last = std::min(bins - 1, static_cast<std::int64_t>(kHighestHz / hz_per_bin));
  std::vector<Chroma> result(static_cast<std::size_t>(frames), Chroma{});
  for (std::int64_t t = 0; t < frames; ++t) {
    const float* row = magnitudes.data() + t * bins;
    const float largest = *std::max_element(row + first, row + std::max(first + 1, last));
    const float least = std::max(kLeastMagnitude, kPeakShare * largest);
    std::array<double, 12> energy{};
    double total = 0;
    for (std::int64_t k = std::max<std::int64_t>(1, first); k < last; ++k) {
      if (row[k] < least || row[k] <= row[k - 1] || row[k] < row[k + 1]) continue;
      // The peak of a parabola through the logarithms, accurate to 0.02 bins for a Hann window.
      const double a = std::log(std::max(row[k - 1], 1e-9F)), b = std::log(row[k]),
                   c = std::log(std::max(row[k + 1], 1e-9F));
      const double bend = a - 2 * b + c;
      const double shift = bend < 0 ? 0.5 * (a - c) / bend : 0;
      // Its height as well: between two bins a Hann window reads up to 1.4 dB low.
      const double magnitude = std::exp(b - 0.25 * (a - c) * shift);
      const double midi = 69 + 12 * std::log2((static_cast<double>(k) + shift) * hz_per_bin / 440);
      for (int pitch_class = 0; pitch_class < 12; ++pitch_class) {
        const double off = std::abs(std::remainder(midi - pitch_class, 12.0));
        if (off >= kWidth / 2) continue;
        const double weight = std::cos(std::numbers::pi * off / kWidth);
        const double value = weight * weight * magnitude * magnitude;
        energy[static_cast<std::size_t>(pitch_class)] += value;
        total += value;
      }
    }
    if (total <= 0) continue;
    for (std::size_t i = 0; i < energy.size(); ++i) {
      result[static_cast<std::size_t>(t)][i] = static_cast<float>(energy[i] / total);
    }
  }
  return result;
}

}  // namespace minet::audio
