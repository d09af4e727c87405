// Readers of keypoint files: OpenPose, COCO-WholeBody (MMPose, RTMPose, COCO results), MediaPipe
// Holistic, AlphaPose, DeepLabCut, Foley-Music, Solos and our own .npy. docs/keypoints.md describes
// them, src/pose/layouts.cpp lists which of their points are the 47 joints.
// Nothing is filled here: see gaps.hpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "minet/core/film.hpp"
#include "minet/pose/pose.hpp"

namespace minet::pose {

enum class PoseFormat {
  automatic,    // by extension, first bytes and content
  openpose,     // a folder with one JSON per frame, or one file: BODY_25 (75 numbers), COCO-18 (54)
  openpose25b,  // the same in BODY_25B order, which also has 75 numbers: never automatic
  wholebody,    // MMPose's or RTMPose's predictions, COCO results: 133 points, or 17 without hands
  mediapipe,    // MediaPipe Holistic, JSON or CSV
  alphapose,    // JSON: 136 points, or 26 or 17 without hands, or its formats open and cmu
  deeplabcut,   // CSV, matched by the body parts' names
  foley_music,  // .npy [frames, 3, 65(, people)] or [frames, 65, 3]
  solos,        // raw memory map or true .npy, [frames, 3, 47]
  npy,          // our own [frames, 47, 3]
};

// "auto", "openpose", "openpose25b", "wholebody", "mediapipe", "alphapose", "deeplabcut",
// "foleymusic", "solos", "npy".
std::vector<std::string> pose_format_names();
PoseFormat parse_pose_format(std::string_view name);  // InputError lists the names

// What was read from a folder of OpenPose files, kept for the other players in it: with the same
// memory for each of them, the files are read only once. Thread-safe.
class FolderMemory;
std::shared_ptr<FolderMemory> make_folder_memory();

struct ReadPoseOptions {
  PoseFormat format = PoseFormat::automatic;
  // Which of several people: counted from 0, by their mean position from left to right, without
  // those seen rarely; or the tracker's number if the file has them. Unset: the person seen longest
  // and largest, those with hands before those without.
  std::optional<int> person = std::nullopt;
  // How many people play, at least 1. If more are seen, only those seen longest and largest count;
  // another number than this is a warning. Not for files with a tracker's numbers.
  std::optional<int> players = std::nullopt;
  // Frames per second. Unset: the file's own times, else 25 (Foley-Music: 22), with a notice.
  std::optional<double> fps = std::nullopt;
  // The frame number at time 0. Unset: 0 or 1 if the tool leaves out frames without people, so that
  // a late first number is a late entry; else the first frame's number.
  std::optional<std::int64_t> first_frame = std::nullopt;
  // DeepLabCut: a CSV file `bodypart,joint` for names that are not recognised.
  std::optional<std::filesystem::path> names = std::nullopt;
  // Arrays: only the rows [start, stop), as skeleton_dict.json gives them for a video.
  std::optional<std::pair<std::int64_t, std::int64_t>> rows = std::nullopt;
  // Width and height in pixels, for coordinates from 0 to 1 or from -1 to 1; points outside the
  // image count as not seen.
  std::optional<std::pair<int, int>> picture = std::nullopt;
  // The video that the keypoints come from: without times of their own and without `fps`, frame i
  // has the time of the video's frame i; with `fps`, frame 0 has that of the video's first frame.
  std::shared_ptr<const Film> film = nullptr;
  std::shared_ptr<FolderMemory> memory = nullptr;
};

// The rule above, for the help texts of the programs.
inline constexpr char kPersonHelp[] =
    "Which person, if several are seen: counted from 0, left to right, or the tracker's number; "
    "default: the one seen longest and largest";

inline constexpr char kPictureHelp[] =
    "Width and height of the image, such as 1280x720: for coordinates from 0 to 1, and to drop "
    "points outside it";

// "1280x720"; InputError for anything else.
std::pair<int, int> parse_picture(std::string_view size);

// InputError in one sentence for anything wrong with the files, and if nobody is seen at all.
RawPose read_pose(const std::filesystem::path& path, const ReadPoseOptions& options = {});

// The frame number in an OpenPose file name: the last run of digits before `_keypoints` or the
// extension. "video_000000000012_keypoints.json" -> 12; nullopt if there is none.
std::optional<std::int64_t> frame_number(const std::filesystem::path& file);

}  // namespace minet::pose
