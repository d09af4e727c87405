// Readers of keypoint files: OpenPose JSON (a folder with one file a frame, or one file), Solos
// arrays (raw memory map or true .npy, [frames, 3, 47]) and our own .npy ([frames, 47, 3]).
// https://github.com/CMU-Perceptual-Computing-Lab/openpose/blob/master/doc/02_output.md
// https://github.com/JuanFMontesinos/Solos
// Nothing is filled here: see gaps.hpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "minet/pose/pose.hpp"

namespace minet::pose {

enum class PoseFormat {
  automatic,    // a folder or .json: OpenPose; .npy by its magic bytes and shape
  openpose,     // BODY_25 (75 numbers) or COCO-18 (54)
  openpose25b,  // BODY_25B: refused, as its joints stand elsewhere
  solos,
  npy,
};

std::vector<std::string> pose_format_names();  // "auto", "openpose", "openpose25b", "solos", "npy"
PoseFormat parse_pose_format(std::string_view name);  // InputError lists the names

enum class PersonOrder {
  listed,         // people[N] of every file
  left_to_right,  // the N-th from the left where most people are seen, followed from there
};

struct ReadPoseOptions {
  PoseFormat format = PoseFormat::automatic;
  // OpenPose with several people: which one, from 0. Unset: the largest one with hands in the first
  // frame with anybody, followed by nearest neck and shoulders.
  std::optional<int> person = std::nullopt;
  PersonOrder order = PersonOrder::listed;
  std::optional<double> fps =
      std::nullopt;  // frames a second; unset: 25, and OpenPose notes the assumption
  // OpenPose: the frame number at time 0. Unset: the first file's.
  std::optional<std::int64_t> first_frame = std::nullopt;
  // Solos and npy: only the rows [start, stop), as skeleton_dict.json gives them for a video.
  std::optional<std::pair<std::int64_t, std::int64_t>> rows = std::nullopt;
};

// InputError in one sentence for whatever is wrong with the files, and where nobody is seen at all.
RawPose read_pose(const std::filesystem::path& path, const ReadPoseOptions& options = {});

// The frame number in an OpenPose file name: the last run of digits before `_keypoints` or the
// extension. "video_000000000012_keypoints.json" -> 12; nullopt if there is none.
std::optional<std::int64_t> frame_number(const std::filesystem::path& file);

}  // namespace minet::pose
