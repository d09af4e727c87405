// Chooses the reader for a path.
#include "minet/pose/readers.hpp"

#include <array>
#include <system_error>

#include "minet/core/access.hpp"
#include "minet/core/files.hpp"
#include "pose/checks.hpp"
#include "pose/examine.hpp"
#include "pose/formats.hpp"

namespace minet::pose {
namespace {

namespace fs = std::filesystem;

struct FormatName {
  std::string_view name;
  PoseFormat format;
};
constexpr std::array<FormatName, 10> kFormats = {{
    {"auto", PoseFormat::automatic},
    {"openpose", PoseFormat::openpose},
    {"openpose25b", PoseFormat::openpose25b},
    {"wholebody", PoseFormat::wholebody},
    {"mediapipe", PoseFormat::mediapipe},
    {"alphapose", PoseFormat::alphapose},
    {"deeplabcut", PoseFormat::deeplabcut},
    {"foleymusic", PoseFormat::foley_music},
    {"solos", PoseFormat::solos},
    {"npy", PoseFormat::npy},
}};

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
  throw InputError(text("expected a keypoint format (", join(pose_format_names(), ", "), "), got ",
                        printable(name)));
}

std::pair<int, int> parse_picture(std::string_view size) {
  constexpr long long kMost = 100'000;  // pixels
  const std::vector<std::string> sides = split(lower(size), 'x');
  const auto side = [&](std::size_t i) {
    return i < sides.size() ? parse_integer(trim(sides[i])).value_or(0) : 0;
  };
  if (sides.size() != 2 || side(0) < 1 || side(1) < 1 || side(0) > kMost || side(1) > kMost) {
    throw InputError(text("expected an image's width and height in pixels, such as 1280x720, got ",
                          printable(size)));
  }
  return {static_cast<int>(side(0)), static_cast<int>(side(1))};
}

namespace {

RawPose read_format(const fs::path& path, const ReadPoseOptions& options) {
  if (options.fps) {
    check_rate(*options.fps, "The frame rate of keypoint files");
  }
  std::error_code error;
  if (!fs::exists(path, error)) {
    throw InputError(text("expected keypoint files at ", shown(path), ", but ",
                          error ? error.message() : why_absent(path)));
  }
  expect_readable(path);
  const PoseFormat format =
      options.format == PoseFormat::automatic ? recognise_format(path) : options.format;
  if (options.names && format != PoseFormat::deeplabcut) {
    throw InputError(text("Names of body parts can be given for DeepLabCut's files only, but ",
                          shown(path), " is another format; leave them out"));
  }
  if (format == PoseFormat::openpose || format == PoseFormat::openpose25b) {
    return read_openpose(path, options);
  }
  if (fs::is_directory(path, error)) {
    throw InputError(text("expected a file of keypoints, got the folder ", shown(path),
                          "; give the file itself, or choose the format openpose"));
  }
  switch (format) {
    case PoseFormat::wholebody:
      return read_instances(path, options, false);
    case PoseFormat::alphapose:
      return read_instances(path, options, true);
    case PoseFormat::mediapipe:
      return read_mediapipe(path, options);
    case PoseFormat::deeplabcut:
      return read_deeplabcut(path, options);
    default:
      return read_array(path, options);
  }
}

}  // namespace

RawPose read_pose(const fs::path& path, const ReadPoseOptions& options) {
  RawPose pose = read_format(path, options);
  examine(pose, options);
  return pose;
}

}  // namespace minet::pose
