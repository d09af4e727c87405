// Detects the format of a path: JSON by its first telling record, CSV by its first line, so that
// nothing is read twice.
#include <algorithm>
#include <fstream>
#include <string>
#include <system_error>

#include "minet/core/csv.hpp"
#include "minet/core/file_kind.hpp"
#include "minet/core/files.hpp"
#include "minet/core/npy.hpp"
#include "pose/checks.hpp"
#include "pose/formats.hpp"
#include "pose/json_records.hpp"

namespace minet::pose {
namespace {

namespace fs = std::filesystem;

PoseFormat by_json(const fs::path& path) {
  // Default: OpenPose, whose reader then reports what is wrong.
  PoseFormat found = PoseFormat::openpose;
  const auto telling = [&](PoseFormat format) {
    found = format;
    return false;
  };
  try {
    read_json_records(path, "keypoints", [&](JsonRecord& record) {
      switch (record.place) {
        case RecordPlace::top_list:
          return true;
        case RecordPlace::list_item: {
          if (record.value.contains("instances")) {
            return telling(PoseFormat::wholebody);
          }
          const auto points = record.value.find("keypoints");
          if (!record.value.contains("image_id") || points == record.value.end() ||
              !points->is_array()) {
            return false;
          }
          // AlphaPose writes COCO results too; its own have 136, 26 or, like COCO, 17 points.
          constexpr std::size_t kWholeBodyNumbers = 133 * 3;
          return telling(points->size() == kWholeBodyNumbers ? PoseFormat::wholebody
                                                             : PoseFormat::alphapose);
        }
        case RecordPlace::member_list:
          if (record.key == "instance_info") {
            return telling(PoseFormat::wholebody);
          }
          return record.key != "people";
        case RecordPlace::member_item:
          return true;
        case RecordPlace::member:
          if (record.key == "format" && record.value == "mediapipe-holistic") {
            return telling(PoseFormat::mediapipe);
          }
          if (record.value.is_object() &&
              (record.value.contains("people") || record.value.contains("bodies"))) {
            return telling(PoseFormat::alphapose);
          }
          return true;
      }
      return true;
    });
  } catch (const InputError&) {
    return PoseFormat::openpose;
  }
  return found;
}

PoseFormat by_csv(const fs::path& path) {
  if (const std::string kind = file_kind_of(path); !kind.empty()) {
    throw InputError(text("expected keypoints as a table in ", shown(path), ", but it is ", kind,
                          "; give the file that DeepLabCut or MediaPipe's export wrote"));
  }
  std::string line(200, '\0');
  std::ifstream file = open_input(path);
  file.read(line.data(), static_cast<std::streamsize>(line.size()));
  line.resize(static_cast<std::size_t>(file.gcount()));
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
  line = lower(line.substr(0, line.find_first_of("\r\n")));
  const std::vector<std::string> cells = split(line, csv_separator(line));
  if (cells.front() == "scorer") {
    return PoseFormat::deeplabcut;
  }
  if (cells.front() == "frame" && std::find(cells.begin(), cells.end(), "part") != cells.end()) {
    return PoseFormat::mediapipe;
  }
  throw InputError(text("expected keypoints in ", shown(path),
                        " as DeepLabCut (scorer, ...) or MediaPipe (frame,time_s, ...) write them, "
                        "got another table; docs/keypoints.md shows both"));
}

}  // namespace

PoseFormat recognise_format(const fs::path& path) {
  std::error_code ignored;
  const std::string extension = lower(path.extension().string());
  if (fs::is_directory(path, ignored)) {
    return PoseFormat::openpose;
  }
  if (extension == ".json") {
    return by_json(path);
  }
  if (extension == ".csv") {
    return by_csv(path);
  }
  // Solos' raw array is named skeleton.npy, so the name counts as well as the magic bytes.
  if (extension == ".npy" || is_npy(path)) {
    return PoseFormat::automatic;
  }
  if (is_video_name(path)) {
    throw InputError(text("expected keypoints, got the video ", shown(path),
                          "; find them first with `mi_prepare video ", shown(path), " -o ",
                          shown(path.stem()), ".npy` and give that file"));
  }
  const std::string kind = file_kind_of(path);
  throw InputError(text("expected keypoints in ", shown(path),
                        " (an OpenPose folder, .json, .csv or .npy), got ",
                        kind.empty() ? "an unknown kind of file" : "a file that is " + kind,
                        "; choose one of the formats ", join(pose_format_names(), ", ")));
}

}  // namespace minet::pose
