// Loudness in frames of 50 ms; the last, shorter one counts with its own length.
#include "corpus/level.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace minet::corpus {
namespace {

constexpr double kTinyPower = 1e-20;  // -200 dB

double to_db(double power) {
  return 10 * std::log10(std::max(power, kTinyPower));
}

struct Frame {
  double energy = 0;  // sum of squares
  double sum = 0;
  std::size_t samples = 0;
  double power() const { return energy / static_cast<double>(samples); }
  double power_about_mean() const {
    const double mean = sum / static_cast<double>(samples);
    return std::max(0.0, power() - mean * mean);
  }
};

std::vector<Frame> frames_of(std::span<const float> samples) {
  std::vector<Frame> frames;
  for (std::size_t start = 0; start < samples.size(); start += kLevelFrame) {
    const auto part =
        samples.subspan(start, std::min<std::size_t>(kLevelFrame, samples.size() - start));
    Frame frame{.samples = part.size()};
    for (const float sample : part) {
      frame.energy += static_cast<double>(sample) * static_cast<double>(sample);
      frame.sum += static_cast<double>(sample);
    }
    frames.push_back(frame);
  }
  return frames;
}

}  // namespace

Level measure_level(std::span<const float> samples) {
  Level level;
  for (const float sample : samples) {
    level.peak = std::max(level.peak, std::abs(static_cast<double>(sample)));
  }
  const std::vector<Frame> frames = frames_of(samples);
  double loudest = 0;
  for (const Frame& frame : frames) loudest = std::max(loudest, frame.power());
  level.loudest_db = to_db(loudest);
  if (!frames.empty()) {
    constexpr std::size_t kClicks = 3;
    std::vector<double> powers;
    for (const Frame& frame : frames) powers.push_back(frame.power_about_mean());
    const auto place =
        powers.begin() + static_cast<std::ptrdiff_t>(std::min(kClicks, powers.size() - 1));
    std::nth_element(powers.begin(), place, powers.end(), std::greater<>());
    level.sounding_db = to_db(*place);
  }
  const double threshold = loudest * std::pow(10.0, -kActiveRangeDb / 10);
  Frame active;
  for (const Frame& frame : frames) {
    if (frame.power() <= threshold) continue;
    active.energy += frame.energy;
    active.samples += frame.samples;
  }
  if (active.samples > 0) level.active_db = to_db(active.power());
  return level;
}

double levelling_gain_db(const Level& level) {
  const double peak_db = to_db(level.peak * level.peak);
  const double gain = std::min(kTargetLevelDb - level.active_db, kPeakLimitDb - peak_db);
  return std::floor(gain * 100) / 100;
}

double remove_offset(std::span<float> samples) {
  constexpr double kMost = 1e-3;
  double sum = 0;
  for (const float sample : samples) sum += static_cast<double>(sample);
  const double mean = samples.empty() ? 0 : sum / static_cast<double>(samples.size());
  if (std::abs(mean) <= kMost) return 0;
  for (float& sample : samples) sample -= static_cast<float>(mean);
  return mean;
}

void apply_gain(std::span<float> samples, double gain_db) {
  const auto factor = static_cast<float>(std::pow(10.0, gain_db / 20));
  for (float& sample : samples) sample *= factor;
}

double silent_share(std::span<const float> samples, double threshold_db) {
  const std::vector<Frame> frames = frames_of(samples);
  if (frames.empty()) return 1;
  const auto silent = std::count_if(frames.begin(), frames.end(), [&](const Frame& frame) {
    return to_db(frame.power()) < threshold_db;
  });
  return static_cast<double>(silent) / static_cast<double>(frames.size());
}

}  // namespace minet::corpus
