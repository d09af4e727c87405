// Distance between two detected people, and how much of a person was seen: the measures used to
// follow people.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <utility>

#include "minet/pose/gaps.hpp"
#include "pose/layouts.hpp"

namespace minet::pose {

inline constexpr double kFar = std::numeric_limits<double>::infinity();
// A step of more than this share of the body's size is a different person; grows while unseen.
inline constexpr double kReach = 0.6;
inline constexpr double kReachPerFrame = 0.05;
// After a loss of more frames than this, a person in another place may be somebody else.
inline constexpr std::int64_t kLongestLoss = 10;

// Diagonal of the bounding box of the seen upper-body joints, in source units.
inline double body_size(const Person& person) {
  double left = kFar, right = -kFar, top = kFar, bottom = -kFar;
  for (int joint = 0; joint < kRightHand; ++joint) {
    if (person.seen(joint)) {
      left = std::min<double>(left, person.joint(joint)[0]);
      right = std::max<double>(right, person.joint(joint)[0]);
      top = std::min<double>(top, person.joint(joint)[1]);
      bottom = std::max<double>(bottom, person.joint(joint)[1]);
    }
  }
  return left > right ? 0 : std::hypot(right - left, bottom - top);
}

// Whether one of these joints is no gap.
inline bool is_clear(const Person& person, int first, int end) {
  for (int joint = first; joint < end; ++joint) {
    if (person.joint(joint)[2] > static_cast<float>(kGapConfidence)) {
      return true;
    }
  }
  return false;
}

inline bool has_hands(const Person& person) {
  return is_clear(person, kRightHand, kJoints);
}

// Mean distance of neck and shoulders seen in both; if there are none, of any upper-body joint.
inline double distance(const Person& a, const Person& b) {
  const auto mean_over = [&](std::initializer_list<int> joints) {
    double sum = 0;
    int count = 0;
    for (const int joint : joints) {
      if (a.seen(joint) && b.seen(joint)) {
        sum += std::hypot(a.joint(joint)[0] - b.joint(joint)[0],
                          a.joint(joint)[1] - b.joint(joint)[1]);
        ++count;
      }
    }
    return count > 0 ? sum / count : kFar;
  };
  const double trunk = mean_over({kNeck, kRightShoulder, kLeftShoulder});
  return std::isfinite(trunk) ? trunk
                              : mean_over({kRightElbow, kRightWrist, kLeftElbow, kLeftWrist});
}

// How long and how large a person was seen: the sum of body sizes over the frames.
struct Presence {
  std::int64_t frames = 0, with_hands = 0;
  std::int64_t clear = 0;  // frames in which some joint is no gap
  double size = 0;
  void add(const Person& person) {
    ++frames;
    with_hands += has_hands(person) ? 1 : 0;
    clear += is_clear(person, 0, kJoints) ? 1 : 0;
    size += body_size(person);
  }
  void add(const Presence& other) {
    frames += other.frames;
    with_hands += other.with_hands;
    clear += other.clear;
    size += other.size;
  }
  // Seen much less often than the person seen in `most` clear frames: a false detection, or
  // somebody who passes by.
  bool rare(std::int64_t most) const { return 10 * clear < most; }
  // Hands first: somebody without an instrument may well sit closer to the camera.
  std::pair<bool, double> rank() const { return {2 * with_hands >= frames, size}; }
};

// The size of a person after another detection: a partial one hardly shrinks it, so that a small
// false detection in the person's place does not keep the person away; a zoom does.
inline double size_after(double size, const Person& detection) {
  return std::max(body_size(detection), 0.98 * size);
}

// How far a person of this size may have moved after `passed` frames.
inline double reach(double size, std::int64_t passed) {
  return size * (kReach + kReachPerFrame * static_cast<double>(passed));
}

}  // namespace minet::pose
