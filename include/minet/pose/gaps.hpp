// Gap filling as Solos does it (github:JuanFMontesinos/Solos; quoted by the paper, section 4.1):
// linear in time, in coordinates relative to the parent joint. And the report on what was missing.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "minet/pose/pose.hpp"

namespace minet::pose {

inline constexpr double kGapConfidence = 0.2;  // at or below: a gap

struct JointGaps {
  double share = 0;         // of the frames in which the joint is a gap, 0..1
  double longest_s = 0;     // the longest run of such frames, seconds
  bool never_seen = false;  // confidence 0 in every frame, and no position from the source
};

// Counted before filling.
struct GapReport {
  std::string format;
  std::int64_t frames = 0;
  double seconds = 0;
  bool filled_by_source = false;
  std::array<JointGaps, kJoints> joints{};
  std::int64_t absent_frames = 0;
  std::int64_t empty_frames = 0;
  std::int64_t multi_person_frames = 0;
  std::int64_t bad_numbers = 0;
  std::vector<std::string> notes;

  double share() const;  // over all joints
  double share(JointGroup group) const;
  double longest_s(JointGroup group) const;
  std::vector<int> never_seen() const;  // joint indices
  std::string text() const;             // several lines for people, ending in a line end
};

// Counts gaps without filling them.
GapReport find_gaps(const RawPose& pose, double confidence_threshold = kGapConfidence);

// In place; confidences stay. InputError if no frame shows the neck, from which all others hang.
GapReport fill_gaps(RawPose& pose, double confidence_threshold = kGapConfidence);

}  // namespace minet::pose
