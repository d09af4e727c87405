// Gap filling (paper section 4.1, after Solos): joints that were not predicted well are
// interpolated linearly in time, in coordinates relative to the parent joint. Also the report on
// what was missing.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "minet/pose/pose.hpp"

namespace minet::pose {

inline constexpr double kGapConfidence = 0.2;  // at or below: a gap

// paper: only gaps move. A joint that was seen stays where it was seen in the image, even if its
// parent is a gap; offsets are taken from the parent's position after its own filling.
//
// solos: as in the published Solos code (github:JuanFMontesinos/Solos, dev/6_rectify_skeleton.py),
// which takes offsets from the parent's raw value: if that is a gap, seen joints move with it, and
// the fingers of a hand whose wrist is 0, 0 land far away. To reproduce what Solos published.
enum class GapRule { paper, solos };
GapRule parse_gap_rule(std::string_view name);  // "paper" or "solos"; InputError otherwise

inline constexpr char kGapsHelp[] =
    "Gap filling. paper: only joints that were not seen are changed; solos: as in the published "
    "Solos code";

struct JointGaps {
  double share = 0;         // share of the frames in which the joint is a gap, 0..1
  double longest_s = 0;     // the longest run of such frames, seconds
  bool never_seen = false;  // confidence 0 in every frame, and no position in the source
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
  Notices notices;

  double share() const;  // over all joints
  double share(JointGroup group) const;
  double longest_s(JointGroup group) const;
  std::vector<int> never_seen() const;  // joint indices
  std::string text() const;             // several lines for people, ending with a newline
};

// Counts gaps without filling them.
GapReport find_gaps(const RawPose& pose, double confidence_threshold = kGapConfidence);

// In place; confidences are kept. InputError if no frame shows the neck, the root of all joints.
GapReport fill_gaps(RawPose& pose, double confidence_threshold = kGapConfidence,
                    GapRule rule = GapRule::paper);

}  // namespace minet::pose
