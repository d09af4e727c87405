// Frame times: from a rate, from a video's frames, or from a file's own time stamps.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <vector>

#include "minet/pose/readers.hpp"

namespace minet::pose {

std::vector<double> even_times(std::int64_t frames, double fps, double start_s = 0);

// Times of frames that match those of options.film one by one. InputError if there are clearly
// more of them than the video has frames; a notice if there are clearly fewer.
std::vector<double> times_in_film(std::int64_t frames, const ReadPoseOptions& options,
                                  const std::filesystem::path& path, Notices& notices);

// One unit of a file's time stamps in seconds: 1, or less, with a notice, if their distances are
// those of milliseconds, microseconds or nanoseconds. InputError if they cannot be a recording's
// times in any unit.
double second_of(const std::map<std::int64_t, double>& times, const std::filesystem::path& path,
                 Notices& notices);

}  // namespace minet::pose
