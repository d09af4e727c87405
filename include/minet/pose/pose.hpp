// Keypoints as read (RawPose) and as frames at a fixed rate (PoseSequence), both
// [frames, 47, 3] = x, y, confidence, joints as in skeleton.hpp, y downwards as in images.
// Also the .npy file of a PoseSequence, which is a prepared corpus' `pose.npy`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "minet/core/notices.hpp"
#include "minet/pose/skeleton.hpp"

namespace minet::pose {

// Limits for files that come from outside.
inline constexpr std::int64_t kMaxFrames = 1'000'000;  // 4 h at 60 fps is 864 000
inline constexpr double kMaxCoordinate = 1e6;          // beyond: the joint counts as absent

// Frames at a fixed rate, frame i at i / fps seconds. Gaps are filled; confidences show where.
struct PoseSequence {
  double fps = 25;
  std::int64_t frames = 0;
  std::vector<float> data = {};  // [frames, 47, 3]

  double seconds() const { return static_cast<double>(frames) / fps; }
  float* joint(std::int64_t frame, int joint);  // x, y, confidence
  const float* joint(std::int64_t frame, int joint) const;
};

// Keypoints as they were read. An absent joint is 0, 0, 0, and so is every joint of an absent
// frame.
struct RawPose {
  std::vector<double> times;  // s, increasing, one per frame; starting at 0 or later
  std::vector<float> data;    // [frames, 47, 3]
  std::string format;         // the format, for people: "OpenPose BODY_25", "Solos", ...
  // The source has filled its gaps (Solos, our own npy): a low confidence then does not mean a bad
  // position, and only absent joints (0, 0, 0) are filled.
  bool filled = false;
  std::int64_t absent_frames = 0;        // frame numbers without data
  std::int64_t empty_frames = 0;         // frames without a person, or without the followed one
  std::int64_t multi_person_frames = 0;  // frames with more than one person
  std::int64_t bad_numbers = 0;          // joints dropped: NaN, infinite, or beyond kMaxCoordinate
  double width = 0, height = 0;          // of the image, pixels; 0: unknown
  Notices notices;                       // assumptions made, and what looks wrong

  std::int64_t frames() const { return static_cast<std::int64_t>(times.size()); }
  float* joint(std::int64_t frame, int joint);
  const float* joint(std::int64_t frame, int joint) const;
};

// float32 [frames, 47, 3], gaps filled. InputError on another shape or a NaN.
PoseSequence read_pose_npy(const std::filesystem::path& path, double fps = 25);
void save_pose_npy(const std::filesystem::path& path, const PoseSequence& pose);

}  // namespace minet::pose
