#include "evaluation/held_notes.hpp"

#include <algorithm>
#include <cmath>

#include "evaluation/statistics/quantile.hpp"

namespace minet::evaluation {
namespace {

constexpr double kSameNoteCents = 70;
constexpr double kShortestS = 0.05;

}  // namespace

std::vector<double> held_notes(const audio::PitchTrack& pitch) {
  std::vector<double> lengths;
  double sum = 0;  // of the run's pitches in cents
  std::int64_t frames = 0;
  const auto end_run = [&] {
    const double seconds = static_cast<double>(frames) * pitch.hop_s;
    if (seconds >= kShortestS) lengths.push_back(seconds);
    sum = 0, frames = 0;
  };
  for (const float hz : pitch.hz) {
    if (hz <= 0) {
      end_run();
      continue;
    }
    const double cents = 1200 * std::log2(hz);
    if (frames > 0 && std::abs(cents - sum / static_cast<double>(frames)) > kSameNoteCents) {
      end_run();
    }
    sum += cents, ++frames;
  }
  end_run();
  return lengths;
}

HeldNotes summarise_held(std::vector<double> seconds) {
  if (seconds.empty()) return {};
  std::sort(seconds.begin(), seconds.end());
  return {.count = static_cast<std::int64_t>(seconds.size()),
          .median_s = quantile(seconds, 0.5),
          .p90_s = quantile(seconds, 0.9),
          .longest_s = seconds.back()};
}

}  // namespace minet::evaluation
