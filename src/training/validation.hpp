// Shared by the stages' validations.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "training/session.hpp"

namespace minet::training {

// run.evaluate_clips clips of the test split, evenly chosen; none if no track is long enough.
inline std::vector<clips::Clip> test_clips(const Session& session) {
  return clips::even_clips(session.test_tracks.frames(), session.config.clip_frames(),
                           session.config.run.evaluate_clips);
}

// The mean over all clips of measure(some clips, whether they are the first), which returns a mean
// over those: eight at a time, so that memory does not grow with run.evaluate_clips.
template <class Measure>
double mean_by_eights(const std::vector<clips::Clip>& clips, const Measure& measure) {
  constexpr std::size_t kTogether = 8;
  double sum = 0;
  for (std::size_t first = 0; first < clips.size(); first += kTogether) {
    const std::vector<clips::Clip> some(
        clips.begin() + static_cast<std::ptrdiff_t>(first),
        clips.begin() + static_cast<std::ptrdiff_t>(std::min(first + kTogether, clips.size())));
    sum += measure(some, first == 0) * static_cast<double>(some.size());
  }
  return sum / static_cast<double>(clips.size());
}

}  // namespace minet::training
