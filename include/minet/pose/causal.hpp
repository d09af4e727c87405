// A player whose pictures are still arriving: gaps filled and poses normalised from what has been
// seen so far, without waiting for what comes. Of a whole recording gaps.hpp and prepare.hpp do it.
// Times are seconds of one clock, which the caller chooses.
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

  // A picture's joints [47, 3] (pose.hpp). A joint at or below the confidence stays where it was
  // last seen from its parent; one that never was lies on its parent. A picture not later than the
  // one before replaces it. False, and nothing changes, before the neck or both shoulders have been
  // seen, and where no joint is seen at all.
  bool add(std::span<const float> joints, double time_s);
  bool started() const { return !seen_.empty(); }
  double newest_s() const { return seen_.back().time_s; }  // only where it has started

  // Remembers the frames of the grid of `fps` up to now; true where there was one. Only where it
  // has started.
  bool tick(double now_s);
  // The player a frame (1 / fps) before the newest picture and in it, normalised: [2, 94]. A
  // picture that is older than kFresh is held: then both are the same.
  std::array<float, 2 * kPoseWidth> pair(double now_s) const;
  // The last frames of the grid, at most `frames` of them, normalised by the present scale:
  // [frames, 94].
  std::vector<float> window(std::int64_t frames) const;
  // What follows is no movement from what was before: after a pause.
  void forget_movement();

  const PoseScale& scale() const { return scale_; }

  static constexpr double kFresh = 0.1;    // s
  static constexpr double kMemory = 10;    // s of frames, of which the scale is the median
  static constexpr double kSettling = 50;  // frames in which the scale follows a new median

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
  Points offsets_{};         // of each joint from its parent, where it was last seen
  std::deque<Seen> seen_;    // a second of pictures
  PoseSequence remembered_;  // frames of the grid
  double next_tick_ = 0;
  std::int64_t ticks_ = 0;
  PoseScale scale_;
};

}  // namespace minet::pose
