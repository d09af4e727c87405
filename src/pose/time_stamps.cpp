#include "pose/time_stamps.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "minet/core/words.hpp"
#include "pose/checks.hpp"

namespace minet::pose {
namespace {

constexpr double kMaxSeconds = 4 * 3600;  // the same as for sound
// Frames this many units or more apart are not in seconds: that would be under one frame in 4 s.
constexpr double kLongestStep = 4;

double median_step(const std::map<std::int64_t, double>& times) {
  std::vector<double> steps;
  for (auto next = times.begin(), at = next++; next != times.end(); at = next++) {
    steps.push_back((next->second - at->second) / static_cast<double>(next->first - at->first));
  }
  if (steps.empty()) return 0;
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
  std::nth_element(steps.begin(), middle, steps.end());
  return *middle;
}

bool are_frame_numbers(const std::map<std::int64_t, double>& times) {
  constexpr std::size_t kEnough = 10;
  const double shift = times.begin()->second - static_cast<double>(times.begin()->first);
  return times.size() >= kEnough && std::all_of(times.begin(), times.end(), [&](const auto& entry) {
           return entry.second - static_cast<double>(entry.first) == shift;
         });
}

}  // namespace

std::vector<double> even_times(std::int64_t frames, double fps, double start_s) {
  std::vector<double> times;
  times.reserve(static_cast<std::size_t>(frames));
  for (std::int64_t i = 0; i < frames; ++i) {
    times.push_back(start_s + static_cast<double>(i) / fps);
  }
  return times;
}

std::vector<double> times_in_film(std::int64_t frames, const ReadPoseOptions& options,
                                  const std::filesystem::path& path, Notices& notices) {
  const Film& film = *options.film;
  const auto pictures = static_cast<std::int64_t>(film.times.size());
  const double rate = std::round(film.fps() * 1000) / 1000;
  if (options.fps) {
    std::vector<double> times = even_times(frames, *options.fps, film.times.front());
    const double end = times.back() + 1 / *options.fps;
    if (std::abs(*options.fps - film.fps()) > 0.01 * film.fps() &&
        std::abs(end - film.seconds) > std::max(0.5, 0.02 * film.seconds)) {
      notices.push_back(
          {NoticeKind::rate,
           text(frames, " frames at ", to_text(*options.fps), " frames per second end ", "at ",
                std::round(end * 100) / 100, " s, but the video has ", pictures, " frames at ",
                to_text(rate), " and ends at ", std::round(film.seconds * 100) / 100, " s")});
    }
    return times;
  }
  const std::int64_t few = std::max<std::int64_t>(2, pictures / 50);
  if (frames > pictures + few) {
    throw InputError(
        text("expected keypoints of the video's ", pictures, " frames (", to_text(rate),
             " per second), got ", frames, " frames in ", shown(path),
             "; give the frame rate of the keypoints, or the video that they were taken from"));
  }
  if (frames < pictures - pictures / 10 - 2) {
    notices.push_back({NoticeKind::rate,
                       text(frames, " frames of keypoints for the video's ", pictures,
                            " frames at ", to_text(rate), " frames per second: they are taken as ",
                            "the first ones; give the frame rate if frames were skipped, "
                            "such as every second one")});
  }
  std::vector<double> times(
      film.times.begin(),
      film.times.begin() + static_cast<std::ptrdiff_t>(std::min(frames, pictures)));
  while (static_cast<std::int64_t>(times.size()) < frames) {
    times.push_back(times.back() + 1 / film.fps());
  }
  notices.push_back(
      {NoticeKind::film_times,
       text("keypoints have the times of the video's frames, ", to_text(rate), " per second")});
  return times;
}

double second_of(const std::map<std::int64_t, double>& times, const std::filesystem::path& path,
                 Notices& notices) {
  struct Unit {
    const char* name;
    double second;
  };
  constexpr std::array<Unit, 3> kUnits = {
      {{"milliseconds", 1e-3}, {"microseconds", 1e-6}, {"nanoseconds", 1e-9}}};
  double second = 1;
  const double step = median_step(times);
  if (step >= kLongestStep) {
    const Unit* unit = kUnits.data();
    while (unit->second * step >= kLongestStep && unit + 1 < kUnits.data() + kUnits.size()) ++unit;
    second = unit->second;
    notices.push_back(
        {NoticeKind::time_unit, text("times ", to_text(step), " apart are taken as ", unit->name,
                                     ", ", to_text(std::round(1e3 / (step * second)) / 1e3),
                                     " frames per second; write them in seconds")});
  } else if (are_frame_numbers(times)) {
    notices.push_back(
        {NoticeKind::time_unit,
         "the times are the frame numbers, one second apart: they should be seconds"});
  }
  if (times.rbegin()->second * second > kMaxSeconds) {
    throw InputError(text("expected times in seconds from the recording's start in ", shown(path),
                          ", got ", to_text(times.begin()->second), " to ",
                          to_text(times.rbegin()->second),
                          "; subtract the first one, or write them in seconds"));
  }
  return second;
}

}  // namespace minet::pose
