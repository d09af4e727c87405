// Checks of numbers from outside, shared by the readers.
#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"
#include "minet/pose/pose.hpp"

namespace minet::pose {

inline constexpr std::size_t kFrameValues = static_cast<std::size_t>(kJoints) * kJointValues;
inline constexpr std::size_t kMaxPeople = 100;  // per frame

// Writes a joint, or 0, 0, 0 if a number is NaN, infinite or beyond kMaxCoordinate, or if the
// position is exactly 0, 0: tools write that for a point that they did not find, whatever its
// confidence. Returns whether the numbers were usable. Clamps the confidence to 0..1.
inline bool put_joint(float* to, double x, double y, double confidence) {
  const bool usable = std::isfinite(x) && std::isfinite(y) && std::isfinite(confidence) &&
                      std::abs(x) <= kMaxCoordinate && std::abs(y) <= kMaxCoordinate;
  const bool there = usable && (x != 0 || y != 0);
  to[0] = there ? static_cast<float>(x) : 0.0F;
  to[1] = there ? static_cast<float>(y) : 0.0F;
  to[2] = there ? static_cast<float>(std::fmin(std::fmax(confidence, 0.0), 1.0)) : 0.0F;
  return usable;
}

// An absent joint: 0, 0, 0.
inline bool is_absent(const float* joint) {
  return joint[0] == 0.0F && joint[1] == 0.0F && joint[2] == 0.0F;
}

inline void check_rate(double fps, const char* what) {
  if (!(fps >= 1 && fps <= 1000)) {
    throw InputError(
        text(what, " must be from 1 to 1000 frames per second, but is ", to_text(fps)));
  }
}

}  // namespace minet::pose
