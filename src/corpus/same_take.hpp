// Decides whether two tracks contain the same recording, by their waveforms: two takes of one tune,
// however alike, do not stay in phase; a copy does, at one lag, even with noise and compression.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <vector>

#include "corpus/landmarks.hpp"

namespace minet::corpus {

struct SameTake {
  std::size_t first = 0, second = 0;  // tracks; first < second
  double offset_s = 0;     // what sounds at t in `first` sounds at t + offset in `second`
  double correlation = 0;  // of the waveforms, 0..1; lowest of the agreeing windows
};

struct SameTakeOptions {
  int threads = 0;
};

// `landmarks` and `sides` (a number for each split) are by track; `path_of` returns a track's
// audio.flac, of which only short windows are read. At least two windows of 3 s, and half of those
// compared, must match.
std::vector<SameTake> find_same_takes(
    const std::vector<std::vector<Landmark>>& landmarks, const std::vector<int>& sides,
    const std::function<std::filesystem::path(std::size_t)>& path_of,
    const SameTakeOptions& options = {});

// The highest correlation of `window` with any position of `longer`, both at the same rate, and
// that position (samples, may be fractional); 0 if `window` is periodic (a steady tone), as
// positions are then ambiguous. `reach` is the largest distance from the middle.
struct Place {
  double correlation = 0, at = 0;
};
Place find_window(const std::vector<float>& window, const std::vector<float>& longer,
                  std::size_t reach);

}  // namespace minet::corpus
