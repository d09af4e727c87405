// From keypoint files to what a model reads: fill, resample by time stamp, normalise, cut a window.
// The paper (section 4.1) fixes the gap filling only; 25 fps and the normalisation (root-centred,
// over the shoulder width, aspect kept) are ours.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "minet/pose/gaps.hpp"
#include "minet/pose/pose.hpp"
#include "minet/pose/readers.hpp"

namespace minet::pose {

inline constexpr double kPoseFps = 25;
inline constexpr std::int64_t kPoseWidth = std::int64_t{2} * kJoints;  // 94: x, y by joint

// Linear in x and y between the time stamps around i / fps; confidence is the lower of the two.
// Frames cover [0, last time stamp].
PoseSequence resample(const RawPose& pose, double fps = kPoseFps);

struct PreparePoseOptions {
  ReadPoseOptions read = {};
  double fps = kPoseFps;                   // of the result
  double gap_confidence = kGapConfidence;  // at or below: a gap
  GapRule gaps = GapRule::paper;
};

// Reads, fills and resamples; still in source pixels.
PoseSequence prepare_pose(const std::filesystem::path& path, const PreparePoseOptions& options = {},
                          GapReport* report = nullptr);

// What `normalise` subtracted and divided by: source = normalised * width + center.
struct PoseScale {
  double center_x = 0, center_y = 0;  // median neck
  double width = 1;                   // median shoulder distance
};

// Where a shoulder is missing or both coincide, twice the neck-shoulder length or the arm's length
// stands in, so that nothing is divided by zero. At least one frame.
PoseScale scale_of(const PoseSequence& pose);

// In place: minus the median neck, over the median distance between the shoulders; the same factor
// for x and y.
PoseScale normalise(PoseSequence& pose);

// [frames, 94] = x, y by joint, at start_s + i / fps seconds by linear interpolation; before the
// first and after the last frame these stay.
std::vector<float> pose_window(const PoseSequence& pose, double start_s, std::int64_t frames,
                               double fps = kPoseFps);

}  // namespace minet::pose
