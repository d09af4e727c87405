// The pose of a player whose frames are still arriving: gaps are filled and poses normalised from
// what has been seen so far, without waiting. For whole recordings see gaps.hpp and prepare.hpp.
// Times are seconds of a single clock, which the caller chooses.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "minet/pose/prepare.hpp"

namespace minet::pose {

class CausalPose {
 public:
  explicit CausalPose(double fps = kPoseFps, double gap_confidence = kGapConfidence);

  // Adds a frame's joints [47, 3] (pose.hpp). A joint at or below the confidence keeps its last
  // seen offset from its parent; if it was never seen, it lies on its parent. A frame not later
  // than the one before replaces it. Returns false and changes nothing until the neck or both
  // shoulders have been seen, and if no joint is seen at all.
  bool add(std::span<const float> joints, double time_s);
  bool started() const { return !seen_.empty(); }
  double newest_s() const { return seen_.back().time_s; }  // only once started

  // Stores the frames of the `fps` grid that are due by now; true if there were any. Only once
  // started.
  bool tick(double now_s);
  // The pose 1 / fps seconds before the newest frame and the pose in it, normalised: [2, 94].
  // A frame older than kFresh is held: then both are the same.
  std::array<float, 2 * kPoseWidth> pair(double now_s) const;
  // The last frames of the grid, at most `frames` of them, normalised with the current scale:
  // [frames, 94].
  std::vector<float> window(std::int64_t frames) const;
  // Forgets the last movement, so that what follows a pause is not taken as moving on from it.
  void forget_movement();

  const PoseScale& scale() const { return scale_; }

  static constexpr double kFresh = 0.1;    // s
  static constexpr double kMemory = 10;    // s of frames, whose medians give the scale
  static constexpr double kSettling = 50;  // frames over which the scale follows a new median

 private:
  using Points = std::array<float, kPoseWidth>;  // x, y by joint, in the source's units
  struct Seen {
    double time_s;
    Points points;
  };
  bool fill(std::span<const float> joints, Points& points);
  Points at(double time_s) const;
  void follow_scale();
  void normalise(const Points& points, float* to) const;

  const double fps_, confidence_;
  Points offsets_{};         // of each joint from its parent, when last seen
  std::deque<Seen> seen_;    // the frames of the last second
  PoseSequence remembered_;  // frames of the grid
  double next_tick_ = 0;
  std::int64_t ticks_ = 0;
  PoseScale scale_;
};

}  // namespace minet::pose
