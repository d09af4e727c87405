// Maps each keypoint format's points to the 47 joints: the one table that all readers use, so that
// the same body gives the same joints whichever tool saw it. Every wrist is the body's, as in
// Solos; if a format has no neck, the middle of the shoulders is used.
// OpenPose: src/openpose/pose/poseParameters.cpp; COCO-WholeBody: github:jin-s13/COCO-WholeBody;
// MediaPipe: its pose and hand landmark pages; Halpe: github:Fang-Haoshu/Halpe-FullBody;
// Foley-Music: core/models/st_gcn/ops/graph.py.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "minet/pose/skeleton.hpp"

namespace minet::pose {

struct Person {
  std::array<float, static_cast<std::size_t>(kJoints) * kJointValues> points{};  // [47, 3]
  int id = -1;  // the tracker's id of this person; -1: none in the file
  const float* joint(int index) const {
    return points.data() + static_cast<std::size_t>(index) * kJointValues;
  }
  float* joint(int index) { return points.data() + static_cast<std::size_t>(index) * kJointValues; }
  bool seen(int index) const { return joint(index)[2] > 0; }
};

enum class LayoutId {
  body25,
  coco18,
  body25b,
  coco17,
  halpe26,
  halpe136,
  wholebody133,
  mediapipe,
  foley_music
};

// A joint's source: one point, or the middle of two; -1: not in the format.
struct JointSource {
  int first = -1, second = -1;
};

// Points are numbered through a person's lists: the body's, then (in OpenPose and MediaPipe, which
// keep them separate) the left hand's 21 and the right hand's 21.
struct Layout {
  LayoutId id;
  std::string_view name;                      // for messages
  int points;                                 // in total
  int body_points;                            // those before the separate lists of the hands
  std::array<JointSource, kRightHand> upper;  // neck; right shoulder, elbow, wrist; left ones
  int right_finger, left_finger;              // the first of 20 finger points; -1: no hands
  bool hands() const { return right_finger >= 0; }
};

std::span<const Layout> layouts();
const Layout& layout(LayoutId id);
JointSource source_of(const Layout& layout, int joint);

// The COCO-family layout, stored in a single list, with this number of points (17, 26, 133, 136);
// nullptr if there is none.
const Layout* coco_layout(std::size_t points);

// `numbers` are x, y, confidence of each of the layout's points. Unusable joints become absent and
// are added to `bad_numbers`. A middle has the lower confidence, and is absent if either point is.
Person to_person(const Layout& layout, std::span<const double> numbers, std::int64_t& bad_numbers);

bool anybody(const Person& person);  // whether any joint is seen

}  // namespace minet::pose
