// Prepares keypoints that were found in images instead of read from a file: the same checks, gap
// filling and resampling.
#pragma once

#include "minet/pose/gaps.hpp"
#include "minet/pose/pose.hpp"
#include "minet/pose/prepare.hpp"

namespace minet::pose {

// `raw` has times, data, format and the image's size; its gaps are filled in place, and its
// notices tell what looks wrong. InputError if no frame shows the neck.
PoseSequence prepare_found(RawPose& raw, double fps = kPoseFps, GapRule rule = GapRule::paper,
                           GapReport* report = nullptr);

}  // namespace minet::pose
