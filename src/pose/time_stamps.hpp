// When each frame was: by a rate, by a film's pictures, or by a file's own time stamps.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <vector>

#include "minet/pose/readers.hpp"

namespace minet::pose {

std::vector<double> even_times(std::int64_t frames, double fps, double start_s = 0);

// Frames that are the pictures of options.film, one by one. InputError if there are clearly more of
// them than the film has pictures; where there are clearly fewer, `notices` says so.
std::vector<double> times_in_film(std::int64_t frames, const ReadPoseOptions& options,
                                  const std::filesystem::path& path, Notices& notices);

// What one unit of a file's time stamps is in seconds: 1, or less where their distances are those
// of milliseconds, microseconds or nanoseconds, which goes to `notices`. InputError where they
// cannot be a recording's times in any unit.
double second_of(const std::map<std::int64_t, double>& times, const std::filesystem::path& path,
                 Notices& notices);

}  // namespace minet::pose
