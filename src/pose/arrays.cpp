// Keypoint arrays: Solos' raw memory map (float32, no header, despite its name skeleton.npy) and
// its true .npy, both [frames, (x, y, confidence), joint], our own .npy [frames, joint, 3], and
// Foley-Music's 65 points (github:chuangg/Foley-Music), [frames, 3, 65, people] or [frames, 65, 3].
#include <algorithm>
#include <bit>
#include <fstream>
#include <string>
#include <system_error>

#include "minet/core/files.hpp"
#include "minet/core/npy.hpp"
#include "minet/core/words.hpp"
#include "pose/checks.hpp"
#include "pose/formats.hpp"
#include "pose/recording.hpp"

namespace minet::pose {
namespace {

namespace fs = std::filesystem;
static_assert(std::endian::native == std::endian::little, "memory maps are read as they are");

constexpr std::uint64_t kFrameBytes = kFrameValues * sizeof(float);

struct Rows {
  std::int64_t start = 0, stop = 0;
  std::int64_t count() const { return stop - start; }
};

Rows choose_rows(std::int64_t total, const ReadPoseOptions& options, const fs::path& path) {
  Rows rows{0, total};
  if (options.rows) {
    rows = {options.rows->first, options.rows->second};
    if (rows.start < 0 || rows.start >= rows.stop || rows.stop > total) {
      throw InputError(text("expected rows within 0 to ", total, " of ", shown(path), ", got ",
                            rows.start, " to ", rows.stop, "; start must lie before stop"));
    }
  }
  if (rows.count() < 1) {
    throw InputError(text("expected keypoints in ", shown(path), ", got no frame"));
  }
  if (rows.count() > kMaxFrames) {
    throw InputError(text("expected at most ", kMaxFrames, " frames from ", shown(path), ", got ",
                          rows.count(),
                          "; choose one video's rows, as skeleton_dict.json lists them"));
  }
  return rows;
}

// `values` are [rows, 3, 47] or, if not `joint_last`, [rows, 47, 3].
RawPose convert(const float* values, std::int64_t frames, bool joint_last,
                const ReadPoseOptions& options, const fs::path& path) {
  RawPose pose;
  const double fps = options.fps.value_or(25);
  pose.data.assign(static_cast<std::size_t>(frames) * kFrameValues, 0.0F);
  pose.times.resize(static_cast<std::size_t>(frames));
  bool seen = false;
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    pose.times[static_cast<std::size_t>(frame)] = static_cast<double>(frame) / fps;
    const float* row = values + static_cast<std::size_t>(frame) * kFrameValues;
    for (int joint = 0; joint < kJoints; ++joint) {
      const float* from = joint_last ? row + joint : row + joint * kJointValues;
      const int step = joint_last ? kJoints : 1;
      float* to = pose.joint(frame, joint);
      if (!put_joint(to, from[0], from[step], from[2 * step])) {
        ++pose.bad_numbers;
      }
      seen |= !is_absent(to);
    }
  }
  if (pose.bad_numbers > frames * kJoints / 2) {
    throw InputError(text("expected float32 keypoints in ", shown(path), ", got ", pose.bad_numbers,
                          " of ", frames * kJoints,
                          " joints that are not coordinates; check the file and its format"));
  }
  if (!seen) {
    throw InputError(text("expected keypoints in ", shown(path), ", got zeros in all ",
                          counted(frames, "frame")));
  }
  return pose;
}

RawPose read_memory_map(const fs::path& path, const ReadPoseOptions& options) {
  std::error_code error;
  const std::uint64_t size = fs::file_size(path, error);
  if (error || size == 0 || size % kFrameBytes != 0) {
    throw InputError(text("expected a multiple of 564 bytes (3 x 47 float32 a frame) in ",
                          shown(path), ", as it has no NPY header, got ",
                          error ? error.message() : text(size, " bytes"),
                          "; check that the file is whole"));
  }
  const Rows rows = choose_rows(static_cast<std::int64_t>(size / kFrameBytes), options, path);
  std::vector<float> values(static_cast<std::size_t>(rows.count()) * kFrameValues);
  std::ifstream file = open_input(path);
  file.seekg(static_cast<std::streamoff>(rows.start) * static_cast<std::streamoff>(kFrameBytes));
  file.read(reinterpret_cast<char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(float)));
  if (!file) {
    throw InputError(text("cannot read ", shown(path), "; check its permissions"));
  }
  RawPose pose = convert(values.data(), rows.count(), true, options, path);
  pose.format = "Solos raw memory map";
  pose.filled = true;
  return pose;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string result = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    result += text(i > 0 ? ", " : "", shape[i]);
  }
  return result + ")";
}

void refuse_person(const fs::path& path, const ReadPoseOptions& options) {
  if (options.person || options.first_frame) {
    throw InputError(
        text("a person or first frame can be chosen in files that list people only, but ",
             shown(path), " is an array; leave it out or choose rows"));
  }
}

constexpr double kFoleyMusicFps = 22;  // from its configuration

bool is_foley_music(const std::vector<std::int64_t>& shape) {
  const std::int64_t points = layout(LayoutId::foley_music).points;
  return (shape.size() == 3 && ((shape[1] == kJointValues && shape[2] == points) ||
                                (shape[1] == points && shape[2] == kJointValues))) ||
         (shape.size() == 4 && shape[1] == kJointValues && shape[2] == points && shape[3] >= 1 &&
          shape[3] <= 100);
}

RawPose read_foley_music(const fs::path& path, const ReadPoseOptions& options) {
  const FloatArray array = read_npy_float(path);
  const Layout& found = layout(LayoutId::foley_music);
  const auto points = static_cast<std::size_t>(found.points);
  const std::size_t people = array.shape.size() == 4 ? static_cast<std::size_t>(array.shape[3]) : 1;
  const bool point_last = array.shape[1] == kJointValues;  // [frames, 3, points(, people)]
  const Rows rows = choose_rows(array.shape[0], options, path);
  RawPose pose;
  pose.format = found.name;
  RecordingBuilder frames("Foley-Music's arrays", path);
  std::vector<double> numbers(points * kJointValues);
  for (std::int64_t row = rows.start; row < rows.stop; ++row) {
    const float* values =
        array.values.data() + static_cast<std::size_t>(row) * points * kJointValues * people;
    for (std::size_t who = 0; who < people; ++who) {
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        const std::size_t point = i / kJointValues, axis = i % kJointValues;
        numbers[i] = values[(point_last ? axis * points + point : i) * people + who];
      }
      frames.add(row - rows.start, to_person(found, numbers, pose.bad_numbers));
    }
  }
  Recording recording = frames.finish(options, pose);
  recording.fps = kFoleyMusicFps;
  recording.from_film = false;  // its arrays are resampled
  assemble(recording, options, path, pose);
  return pose;
}

}  // namespace

RawPose read_array(const fs::path& path, const ReadPoseOptions& options) {
  if (!is_npy(path)) {
    if (options.format == PoseFormat::npy || options.format == PoseFormat::foley_music) {
      throw InputError(text("expected an NPY file, got none by its first bytes, in ", shown(path),
                            "; for Solos' raw array choose the format solos"));
    }
    refuse_person(path, options);
    return read_memory_map(path, options);
  }
  const std::vector<std::int64_t> shape = npy_shape(path);
  const auto is_shape = [&](std::int64_t a, std::int64_t b) {
    return shape.size() == 3 && shape[1] == a && shape[2] == b;
  };
  if (is_foley_music(shape) &&
      (options.format == PoseFormat::automatic || options.format == PoseFormat::foley_music)) {
    return read_foley_music(path, options);
  }
  const bool solos = options.format != PoseFormat::foley_music && is_shape(kJointValues, kJoints) &&
                     options.format != PoseFormat::npy;
  const bool own = options.format != PoseFormat::foley_music && is_shape(kJoints, kJointValues) &&
                   options.format != PoseFormat::solos;
  if (!solos && !own) {
    const std::string expected = options.format == PoseFormat::solos ? "(frames, 3, 47)"
                                 : options.format == PoseFormat::npy ? "(frames, 47, 3)"
                                 : options.format == PoseFormat::foley_music
                                     ? "(frames, 3, 65, people) or (frames, 65, 3)"
                                     : "(frames, 47, 3), Solos' (frames, 3, 47) or Foley-Music's "
                                       "(frames, 3, 65, people)";
    throw InputError(text("expected keypoints of shape ", expected, " in ", shown(path), ", got ",
                          shape_text(shape), "; convert them to the 47 joints first"));
  }
  refuse_person(path, options);
  const Rows rows = choose_rows(shape[0], options, path);
  // Solos' whole array has 3.4 GB, so only the rows of one video are read.
  const FloatArray array = read_npy_float_rows(path, rows.start, rows.count());
  RawPose pose = convert(array.values.data(), rows.count(), solos, options, path);
  pose.format = solos ? "Solos npy" : "npy";
  // Arrays made by `mi_prepare pose` are filled; one with absent joints is not.
  pose.filled = true;
  for (std::int64_t frame = 0; !solos && frame < pose.frames(); ++frame) {
    for (int joint = 0; joint < kJoints; ++joint) {
      pose.filled = pose.filled && !is_absent(pose.joint(frame, joint));
    }
  }
  return pose;
}

}  // namespace minet::pose
