// Loudness by frames of 50 ms; the last, shorter frame counts by its own length.
#include "level.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace minet::corpus {
namespace {

constexpr double kTinyPower = 1e-20;  // -200 dB

double to_db(double power) {
  return 10 * std::log10(std::max(power, kTinyPower));
}

struct Frame {
  double energy = 0;  // sum of squares
  std::size_t samples = 0;
  double power() const { return energy / static_cast<double>(samples); }
};

std::vector<Frame> frames_of(std::span<const float> samples) {
  std::vector<Frame> frames;
  for (std::size_t start = 0; start < samples.size(); start += kLevelFrame) {
    const auto part =
        samples.subspan(start, std::min<std::size_t>(kLevelFrame, samples.size() - start));
    Frame frame{.samples = part.size()};
    for (const float sample : part) frame.energy += static_cast<double>(sample) * sample;
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
