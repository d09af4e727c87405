// The limits were set on the synthetic orchestra (docs/corpus.md has the numbers): there the lag is
// found, and sound with another piece's movement is not reported. Omitted: slow drift. It blurs the
// agreement within each end of a track, so that only long tracks show it, and not always.
#include "corpus/in_step.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "corpus/index.hpp"
#include "minet/audio/stft.hpp"
#include "minet/core/text.hpp"

namespace minet::corpus {
namespace {

constexpr std::int64_t kFft = 1280, kHop = 320;  // samples: 80 ms and 20 ms
constexpr std::int64_t kBins = 512;              // up to 6.4 kHz
constexpr std::int64_t kShortest = 500;          // pose frames: 20 s
constexpr std::int64_t kReach = 50;              // frames: 2 s
constexpr std::int64_t kFar = 75;                // frames: larger lags give the chance level
constexpr std::size_t kEndFrames = 750;          // 30 s at either end of a long track
constexpr std::int64_t kFarLags = 1000;          // at most this many of them
constexpr std::int64_t kTrend = 25;              // frames on each side of the moving mean
constexpr double kMinDeviations = 6, kMinOverFar = 1.2;
constexpr double kOff = 0.25;  // s
constexpr double kHome = 0.7;  // share of the peak; if reached within kOff of 0: not clearly off

// Clipped at the 97th percentile, detrended, variance 1; empty if the values are constant.
std::vector<double> standardised(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  const auto at = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() * 97 / 100);
  std::nth_element(sorted.begin(), at, sorted.end());
  const auto count = static_cast<std::int64_t>(values.size());
  std::vector<double> sums(values.size() + 1, 0.0);
  for (std::size_t i = 0; i < values.size(); ++i) sums[i + 1] = sums[i] + std::min(values[i], *at);
  std::vector<double> result(values.size());
  double mean = 0, power = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t first = std::max<std::int64_t>(i - kTrend, 0);
    const std::int64_t last = std::min(i + kTrend + 1, count);
    const double trend =
        (sums[static_cast<std::size_t>(last)] - sums[static_cast<std::size_t>(first)]) /
        static_cast<double>(last - first);
    const auto place = static_cast<std::size_t>(i);
    result[place] = std::min(values[place], *at) - trend;
    mean += result[place];
    power += result[place] * result[place];
  }
  mean /= static_cast<double>(count);
  const double deviation = std::sqrt(power / static_cast<double>(count) - mean * mean);
  if (!(deviation > 1e-9 * (std::abs(*at) + 1e-300))) return {};
  for (double& value : result) value = (value - mean) / deviation;
  return result;
}

// Circular: what is shifted out at the end comes in at the start.
double correlation_at(const std::vector<double>& onsets, const std::vector<double>& speeds,
                      std::int64_t lag) {
  const auto count = static_cast<std::int64_t>(onsets.size());
  const auto shift = static_cast<std::size_t>((lag % count + count) % count);
  const double head =
      std::inner_product(onsets.begin(), onsets.end() - static_cast<std::ptrdiff_t>(shift),
                         speeds.begin() + static_cast<std::ptrdiff_t>(shift), 0.0);
  return std::inner_product(onsets.end() - static_cast<std::ptrdiff_t>(shift), onsets.end(),
                            speeds.begin(), head) /
         static_cast<double>(count);
}

std::vector<std::vector<double>> part(const std::vector<std::vector<double>>& rows,
                                      std::size_t first, std::size_t count) {
  std::vector<std::vector<double>> result;
  for (const std::vector<double>& row : rows) {
    result.emplace_back(row.begin() + static_cast<std::ptrdiff_t>(first),
                        row.begin() + static_cast<std::ptrdiff_t>(first + count));
  }
  return result;
}

std::string when(double lag_s) {
  const double rounded = std::round(std::abs(lag_s) * 100) / 100;
  if (rounded == 0) return "with the sound";
  return text(to_text(rounded), " s ", lag_s > 0 ? "after" : "before", " the sound");
}

}  // namespace

std::vector<double> onset_strength(std::span<const float> samples) {
  const audio::Stft stft({.n_fft = kFft, .hop = kHop});
  const std::int64_t frames = stft.frames_of(static_cast<std::int64_t>(samples.size()));
  std::vector<float> values(static_cast<std::size_t>(frames * kBins));
  stft.magnitudes(samples, kBins, values);
  const float loudest = *std::max_element(values.begin(), values.end());
  std::vector<double> onsets(static_cast<std::size_t>((frames + 1) / 2), 0.0);
  if (!(loudest > 0)) return onsets;
  for (float& value : values) value = std::log1p(100 * value / loudest);
  for (std::int64_t frame = 1; frame < frames; ++frame) {
    const float* const now = values.data() + frame * kBins;
    double rise = 0;
    for (std::int64_t bin = 0; bin < kBins; ++bin) {
      rise += static_cast<double>(std::max(now[bin] - now[bin - kBins], 0.0F));
    }
    onsets[static_cast<std::size_t>(frame / 2)] += rise;
  }
  return onsets;
}

std::vector<std::vector<double>> hand_speeds(const pose::PoseSequence& pose) {
  std::vector<std::vector<double>> speeds(
      4, std::vector<double>(static_cast<std::size_t>(pose.frames), 0.0));
  struct Hand {
    int wrist, first;
  };
  constexpr Hand kHands[] = {{pose::kRightWrist, pose::kRightHand},
                             {pose::kLeftWrist, pose::kLeftHand}};
  for (std::int64_t frame = 1; frame + 1 < pose.frames; ++frame) {
    const auto place = static_cast<std::size_t>(frame);
    for (std::size_t side = 0; side < 2; ++side) {
      const auto moved = [&](int joint, int axis) {
        return static_cast<double>(pose.joint(frame + 1, joint)[axis]) -
               static_cast<double>(pose.joint(frame - 1, joint)[axis]);
      };
      const int wrist = kHands[side].wrist;
      const double x = moved(wrist, 0), y = moved(wrist, 1);
      speeds[side][place] = std::hypot(x, y) / 2;
      double fingers = 0;
      for (int i = 0; i < pose::kHandJoints; ++i) {
        const int joint = kHands[side].first + i;
        fingers += std::hypot(moved(joint, 0) - x, moved(joint, 1) - y) / 2;
      }
      speeds[2 + side][place] = fingers / pose::kHandJoints;
    }
  }
  return speeds;
}

std::optional<Lag> find_lag(std::span<const double> all_onsets,
                            const std::vector<std::vector<double>>& speeds) {
  std::size_t count = all_onsets.size();
  for (const auto& row : speeds) count = std::min(count, row.size());
  if (static_cast<std::int64_t>(count) < kShortest) return std::nullopt;
  const std::vector<double> onsets = standardised(all_onsets.first(count));
  std::vector<double> movement(count, 0.0);
  for (const auto& row : speeds) {
    const std::vector<double> one = standardised(std::span(row).first(count));
    for (std::size_t i = 0; i < one.size(); ++i) movement[i] += one[i];
  }
  const double power = std::inner_product(movement.begin(), movement.end(), movement.begin(), 0.0) /
                       static_cast<double>(count);
  if (onsets.empty() || !(power > 0)) return std::nullopt;
  for (double& value : movement) value /= std::sqrt(power);

  Lag lag{.correlation = -1};
  double home = -1;
  for (std::int64_t shift = -kReach; shift <= kReach; ++shift) {
    const double value = correlation_at(onsets, movement, shift);
    const double seconds = static_cast<double>(shift) / kFps;
    if (value > lag.correlation) {
      lag.correlation = value;
      lag.seconds = seconds;
    }
    if (std::abs(seconds) <= kOff) home = std::max(home, value);
  }
  const std::int64_t far = static_cast<std::int64_t>(count) - 2 * kFar - 1;
  const std::int64_t looked = std::min(far, kFarLags);
  double sum = 0, squares = 0, most = 0;
  for (std::int64_t i = 0; i < looked; ++i) {
    const double value = correlation_at(onsets, movement, kFar + 1 + i * far / looked);
    sum += value;
    squares += value * value;
    most = std::max(most, value);
  }
  const double mean = sum / static_cast<double>(looked);
  const double deviation = std::sqrt(squares / static_cast<double>(looked) - mean * mean);
  if (!(deviation > 0)) return std::nullopt;
  lag.deviations = (lag.correlation - mean) / deviation;
  lag.significant = lag.deviations > kMinDeviations && lag.correlation > kMinOverFar * most;
  lag.clearly_off =
      lag.significant && std::abs(lag.seconds) > kOff && home < kHome * lag.correlation;
  return lag;
}

std::string InStep::complaint() const {
  if (start && end && start->significant && end->significant &&
      (start->clearly_off || end->clearly_off) && std::abs(start->seconds - end->seconds) > kOff) {
    return text("sound and movement drift apart: the hands seem to move ", when(start->seconds),
                " at the start, ", when(end->seconds),
                " at the end; check the frame rate of the keypoints, and that none are left out");
  }
  if (whole && whole->clearly_off) {
    return text("the hands seem to move ", when(whole->seconds),
                "; check that video and sound begin together");
  }
  return {};
}

InStep judge_in_step(std::span<const float> samples, const pose::PoseSequence& pose) {
  const std::vector<double> onsets = onset_strength(samples);
  const std::vector<std::vector<double>> speeds = hand_speeds(pose);
  InStep result;
  result.whole = find_lag(onsets, speeds);
  const std::size_t frames = std::min(onsets.size(), speeds.front().size());
  const std::size_t size = std::min(frames / 2, kEndFrames);
  result.start = find_lag(std::span(onsets).first(size), part(speeds, 0, size));
  result.end =
      find_lag(std::span(onsets).subspan(frames - size, size), part(speeds, frames - size, size));
  return result;
}

}  // namespace minet::corpus
