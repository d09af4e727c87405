// From keypoint files to a model's input: fill gaps, resample by time stamp, normalise, cut a
// window. The paper (section 4.1) specifies only the gap filling; 25 fps and the normalisation
// (root-centred, divided by the shoulder width, aspect kept) are ours.
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

// Interpolates x and y linearly between the time stamps around i / fps; confidence is the lower of
// the two. Frames cover [0, last time stamp].
PoseSequence resample(const RawPose& pose, double fps = kPoseFps);

struct PreparePoseOptions {
  ReadPoseOptions read = {};
  double fps = kPoseFps;                   // of the result
  double gap_confidence = kGapConfidence;  // joints at or below this are gaps
  GapRule gaps = GapRule::paper;
};

// Reads, fills and resamples; still in source pixels.
PoseSequence prepare_pose(const std::filesystem::path& path, const PreparePoseOptions& options = {},
                          GapReport* report = nullptr);

// The values that `normalise` subtracts and divides by: source = normalised * width + center.
struct PoseScale {
  double center_x = 0, center_y = 0;  // median neck
  double width = 1;                   // median shoulder distance
};

// If a shoulder is missing or both coincide, twice the neck-shoulder length or the arm's length is
// used, so that nothing is divided by zero. Needs at least one frame.
PoseScale scale_of(const PoseSequence& pose);

// In place: subtracts the median neck and divides by the median shoulder distance; the same factor
// for x and y.
PoseScale normalise(PoseSequence& pose);

// [frames, 94] = x, y by joint, at start_s + i / fps seconds by linear interpolation; the first
// frame is held before the start, and the last after the end.
std::vector<float> pose_window(const PoseSequence& pose, double start_s, std::int64_t frames,
                               double fps = kPoseFps);

}  // namespace minet::pose
