// What the values of keypoints tell about themselves, whatever format they came in.
#pragma once

#include "minet/pose/readers.hpp"

namespace minet::pose {

// Mends what can be mended (coordinates in parts of a known picture, hands whose confidence was
// never written, points outside the picture), and adds to `pose.notices` what was mended, what was
// missing, and what looks wrong.
void examine(RawPose& pose, const ReadPoseOptions& options);

}  // namespace minet::pose
