// One frame's keypoints as they arrive: a line of JSON, or a list of numbers (docs/live.md).
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "minet/pose/skeleton.hpp"

namespace minet::pose {

struct ArrivedPicture {
  std::array<float, static_cast<std::size_t>(kJoints) * kJointValues> joints{};  // [47, 3]
  std::optional<double> time_s;  // by the source's own clock, whose origin is unknown
};

inline constexpr std::size_t kMaxPictureLine = 64 * 1024;  // bytes

// 141 numbers (x, y, confidence by joint) or 94 (x, y: all joints count as seen, except those at
// 0, 0). InputError for any other count.
ArrivedPicture picture_of(std::span<const double> numbers);

// These numbers as a flat list or as one list per joint; an object with them as "joints", or with
// "joints" by name, and optionally "t" in seconds; or a frame of our file for MediaPipe
// (docs/keypoints.md) with the image's "width" and "height" in it. InputError for anything else.
ArrivedPicture parse_picture_line(std::string_view line);

}  // namespace minet::pose
