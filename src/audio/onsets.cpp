// SuperFlux, peak picking, and pitch steps.
#include "minet/audio/onsets.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "minet/audio/stft.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::audio {
namespace {

constexpr std::int64_t kWindow = 1024;   // samples: 64 ms at 16 kHz
constexpr std::int64_t kHop = 160;       // 10 ms
constexpr double kLowestBandHz = 30;     // of the lowest band
constexpr double kBandsPerOctave = 24;   // quarter tones
constexpr std::size_t kLag = 2;          // frames between which a rise is measured
constexpr std::size_t kPeakReach = 3;    // a peak is the maximum of these frames on each side
constexpr std::size_t kMeanBefore = 10;  // frames of the local mean
constexpr std::size_t kMeanAfter = 7;
constexpr double kLeastNovelty = 1;       // a sound whose largest peak is lower has no onsets
constexpr std::int64_t kSteady = 3;       // length of a steady stretch, pitch frames
constexpr double kSteadySemitones = 0.5;  // largest spread within it
constexpr std::int64_t kBetween = 4;      // largest gap between two of them, pitch frames

// Centres of the triangular bands, in bins, at least one bin apart.
std::vector<std::int64_t> band_centres(int sample_rate) {
  const double hz_per_bin = static_cast<double>(sample_rate) / kWindow;
  std::vector<std::int64_t> centres;
  for (double hz = kLowestBandHz; hz < sample_rate / 2.0; hz *= std::pow(2, 1 / kBandsPerOctave)) {
    const auto bin = static_cast<std::int64_t>(std::lround(hz / hz_per_bin));
    if (bin < kWindow / 2 && (centres.empty() || bin > centres.back())) centres.push_back(bin);
  }
  return centres;
}

// log10(1 + magnitude) of each band: [T][bands].
std::vector<std::vector<double>> bands_of(const Sound& sound) {
  const Stft stft({.n_fft = kWindow, .hop = kHop});
  const auto frames = stft.frames_of(static_cast<std::int64_t>(sound.samples.size()));
  const std::int64_t bins = stft.bins();
  std::vector<float> magnitudes(static_cast<std::size_t>(frames * bins));
  stft.magnitudes(sound.samples, bins, magnitudes);
  const std::vector<std::int64_t> centres = band_centres(sound.sample_rate);
  std::vector<std::vector<double>> result(static_cast<std::size_t>(frames));
  for (std::int64_t t = 0; t < frames; ++t) {
    const float* row = magnitudes.data() + t * bins;
    for (std::size_t b = 1; b + 1 < centres.size(); ++b) {
      const std::int64_t low = centres[b - 1], peak = centres[b], high = centres[b + 1];
      double sum = 0;
      for (std::int64_t k = low + 1; k < high; ++k) {
        const double weight =
            k <= peak ? static_cast<double>(k - low) / static_cast<double>(peak - low)
                      : static_cast<double>(high - k) / static_cast<double>(high - peak);
        sum += weight * row[k];
      }
      result[static_cast<std::size_t>(t)].push_back(std::log10(1 + sum));
    }
  }
  return result;
}

// The novelty of each frame; 0 where a window extends past the sound, as a cut is not an onset.
std::vector<double> novelty_of(const std::vector<std::vector<double>>& bands) {
  constexpr std::size_t kEdge = (kWindow / 2 + kHop - 1) / kHop;  // frames
  std::vector<double> novelty(bands.size());
  for (std::size_t t = kLag + kEdge; t + kEdge < bands.size(); ++t) {
    const std::vector<double>& before = bands[t - kLag];
    for (std::size_t b = 0; b < before.size(); ++b) {
      double top = before[b];
      if (b > 0) top = std::max(top, before[b - 1]);
      if (b + 1 < before.size()) top = std::max(top, before[b + 1]);
      novelty[t] += std::max(0.0, bands[t][b] - top);
    }
  }
  return novelty;
}

std::vector<double> peaks_of(const std::vector<double>& novelty, int sample_rate,
                             const OnsetOptions& options) {
  const double largest = novelty.empty() ? 0 : *std::max_element(novelty.begin(), novelty.end());
  std::vector<double> onsets;
  if (largest < kLeastNovelty) return onsets;
  double height = 0;  // of the last onset
  for (std::size_t t = 0; t < novelty.size(); ++t) {
    const auto at = [&](std::size_t i) { return novelty.begin() + static_cast<std::ptrdiff_t>(i); };
    const std::size_t end = novelty.size();
    if (novelty[t] <= 0 || novelty[t] < *std::max_element(at(t - std::min(t, kPeakReach)),
                                                          at(std::min(end, t + kPeakReach + 1)))) {
      continue;
    }
    const std::size_t first = t - std::min(t, kMeanBefore),
                      last = std::min(end, t + kMeanAfter + 1);
    double mean = 0;
    for (std::size_t i = first; i < last; ++i) mean += novelty[i];
    mean /= static_cast<double>(last - first);
    if (novelty[t] < mean + options.threshold * largest) continue;
    // The rise is between frames t - kLag and t.
    const double time = (static_cast<double>(t) - kLag / 2.0) * kHop / sample_rate;
    if (onsets.empty() || time - onsets.back() >= options.shortest_s) {
      onsets.push_back(std::max(0.0, time));
      height = novelty[t];
    } else if (novelty[t] > height) {  // of two that are too close, the higher
      onsets.back() = time;
      height = novelty[t];
    }
  }
  return onsets;
}

// Times at which the pitch moves from one steady level to a different one.
std::vector<double> steps_of(const PitchTrack& pitch, const OnsetOptions& options) {
  const auto frames = static_cast<std::int64_t>(pitch.hz.size());
  std::vector<double> semitones(pitch.hz.size());
  for (std::size_t t = 0; t < semitones.size(); ++t) {
    semitones[t] = pitch.hz[t] > 0 ? 12 * std::log2(pitch.hz[t]) : -1;
  }
  // The mean of kSteady frames from `first`, or -1 if they are not steady.
  const auto level = [&](std::int64_t first) {
    double low = 1e9, high = -1e9, sum = 0;
    for (std::int64_t t = first; t < first + kSteady; ++t) {
      const double value = semitones[static_cast<std::size_t>(t)];
      if (value < 0) return -1.0;
      low = std::min(low, value), high = std::max(high, value), sum += value;
    }
    return high - low <= kSteadySemitones ? sum / static_cast<double>(kSteady) : -1.0;
  };
  std::vector<double> steps;
  double before = -1;             // level of the last steady stretch
  std::int64_t before_end = -99;  // first frame after it
  for (std::int64_t t = 0; t + kSteady <= frames; ++t) {
    const double now = level(t);
    if (now < 0) continue;
    if (before > 0 && t >= before_end && t - before_end <= kBetween &&
        std::abs(now - before) >= options.step_semitones) {
      steps.push_back(0.5 * static_cast<double>(before_end + t - 1) * pitch.hop_s);
    }
    if (before < 0 || t >= before_end || std::abs(now - before) < options.step_semitones) {
      before = now;
      before_end = t + kSteady;
    }
  }
  return steps;
}

}  // namespace

std::vector<double> find_onsets(const Sound& sound, const PitchTrack& pitch,
                                const OnsetOptions& options) {
  if (!(options.threshold > 0 && options.shortest_s >= 0 && options.step_semitones > 0)) {
    throw InputError(
        text("expected threshold and step_semitones above 0 and shortest_s of 0 or more for "
             "onsets, got ",
             options.threshold, ", ", options.step_semitones, " and ", options.shortest_s));
  }
  std::vector<double> onsets = peaks_of(novelty_of(bands_of(sound)), sound.sample_rate, options);
  for (const double step : steps_of(pitch, options)) {
    const auto near = [&](double onset) { return std::abs(onset - step) < options.shortest_s; };
    if (std::none_of(onsets.begin(), onsets.end(), near)) onsets.push_back(step);
  }
  std::sort(onsets.begin(), onsets.end());
  return onsets;
}

}  // namespace minet::audio
