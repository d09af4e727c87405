// Which reader a path goes to.
#include "minet/pose/readers.hpp"

#include <algorithm>
#include <system_error>

#include "minet/core/npy.hpp"
#include "pose/checks.hpp"
#include "pose/formats.hpp"

namespace minet::pose {
namespace {

namespace fs = std::filesystem;

struct FormatName {
  std::string_view name;
  PoseFormat format;
};
constexpr std::array<FormatName, 5> kFormats = {{
    {"auto", PoseFormat::automatic},
    {"openpose", PoseFormat::openpose},
    {"openpose25b", PoseFormat::openpose25b},
    {"solos", PoseFormat::solos},
    {"npy", PoseFormat::npy},
}};

PoseFormat recognise(const fs::path& path) {
  std::error_code ignored;
  const std::string extension = lower(path.extension().string());
  if (fs::is_directory(path, ignored) || extension == ".json") {
    return PoseFormat::openpose;
  }
  // Solos' raw array is called skeleton.npy, so the name counts as much as the magic bytes.
  if (extension == ".npy" || is_npy(path)) {
    return PoseFormat::automatic;
  }
  throw InputError(text("Expected keypoints in ", shown(path),
                        " (an OpenPose folder or .json, or .npy), got an unknown kind of file; "
                        "choose one of the formats openpose, solos and npy."));
}

}  // namespace

std::vector<std::string> pose_format_names() {
  std::vector<std::string> names;
  for (const FormatName& entry : kFormats) {
    names.emplace_back(entry.name);
  }
  return names;
}

PoseFormat parse_pose_format(std::string_view name) {
  for (const FormatName& entry : kFormats) {
    if (entry.name == name) {
      return entry.format;
    }
  }
  throw InputError(text("Expected a keypoint format (", join(pose_format_names(), ", "), "), got ",
                        printable(name), "."));
}

RawPose read_pose(const fs::path& path, const ReadPoseOptions& options) {
  if (options.fps) {
    check_rate(*options.fps, "The frame rate of keypoint files");
  }
  std::error_code error;
  if (!fs::exists(path, error)) {
    throw InputError(
        text("Expected keypoint files at ", shown(path), ", got nothing there; check the path."));
  }
  const PoseFormat format =
      options.format == PoseFormat::automatic ? recognise(path) : options.format;
  if (format == PoseFormat::openpose25b) {
    throw InputError(text("OpenPose's BODY_25B, as asked for ", shown(path),
                          ", has other joints in other places and is not supported; run OpenPose "
                          "with --model_pose BODY_25 or COCO."));
  }
  if (format == PoseFormat::openpose) {
    return read_openpose(path, options);
  }
  if (fs::is_directory(path, error)) {
    throw InputError(text("Expected a file of keypoints, got the folder ", shown(path),
                          "; give the array itself, or choose the format openpose."));
  }
  return read_array(path, options);
}

}  // namespace minet::pose
