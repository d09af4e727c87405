// Checks of keypoint values that apply to every format.
#pragma once

#include "minet/pose/readers.hpp"

namespace minet::pose {

// Repairs what can be repaired (coordinates in fractions of a known image, hands whose confidence
// was never written, points outside the image), and adds to `pose.notices` what was repaired,
// what was missing, and what looks wrong.
void examine(RawPose& pose, const ReadPoseOptions& options);

}  // namespace minet::pose
