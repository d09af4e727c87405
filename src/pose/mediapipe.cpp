// MediaPipe Holistic defines no file format, so these two are our own (docs/keypoints.md);
// `mi_prepare video -o NAME.json` writes the first. Coordinates are MediaPipe's, from 0 to 1 of the
// image's width and height. The file has both, because a body must not be stretched.
// JSON: {"format": "mediapipe-holistic", "version": 1, "width", "height", "frames": [{"frame",
//   "time_s", "pose": [[x, y, visibility] x 33], "left_hand": [... x 21] or [], "right_hand"}]}
// CSV: frame,time_s,width,height,part,point,x,y,confidence; one row per point; a frame with nobody
//   in it has one row with the part `none`.
#include <array>
#include <cmath>
#include <fstream>
#include <string>

#include "minet/core/csv.hpp"
#include "minet/core/files.hpp"
#include "minet/core/message.hpp"
#include "pose/checks.hpp"
#include "pose/formats.hpp"
#include "pose/holistic.hpp"
#include "pose/json_records.hpp"
#include "pose/recording.hpp"

namespace minet::pose {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr double kMaxPicture = 100'000;  // pixels

class MediapipeReader {
 public:
  explicit MediapipeReader(const fs::path& path) : path_(path), frames_("these files", path) {}

  [[noreturn]] void refuse(const std::string& why) const {
    throw InputError(text("MediaPipe keypoints in ", shown(path_), " cannot be read: ", why,
                          "; write the file as docs/keypoints.md says, for instance with "
                          "`mi_prepare video VIDEO -o NAME.json`"));
  }

  void set_picture(std::optional<double> width, std::optional<double> height) {
    const auto good = [](std::optional<double> side) {
      return side && *side >= 1 && *side <= kMaxPicture;
    };
    if (!good(width) || !good(height)) {
      refuse("expected the image's width and height in pixels, got none or implausible ones");
    }
    if (width_ > 0 && (width_ != *width || height_ != *height)) {
      refuse("expected one width and height throughout, got different ones");
    }
    width_ = *width;
    height_ = *height;
  }

  void set_time(std::int64_t frame, std::optional<double> time) {
    if (!time) {
      untimed_ = true;
      return;
    }
    if (!(*time >= 0 && std::isfinite(*time))) {
      refuse(text("expected a time from 0 on for frame ", frame, ", got ", to_text(*time)));
    }
    times_[frame] = *time;
  }

  void add(std::int64_t frame, const HolisticPoints& points) {
    const Layout& holistic = layout(LayoutId::mediapipe);
    Person person = to_person(holistic, points, pose_.bad_numbers);
    if (frames_.frame(frame).empty()) {
      frames_.add(frame, std::move(person));
    } else {
      refuse(text("expected each frame once, got frame ", frame, " twice"));
    }
  }
  void empty(std::int64_t frame) { frames_.frame(frame); }

  RawPose finish(const ReadPoseOptions& options) {
    if (width_ == 0) {
      refuse("expected the image's width and height, got none");
    }
    Recording recording = frames_.finish(options, pose_);
    for (std::vector<Person>& people : recording.people) {
      for (Person& person : people) {
        for (int joint = 0; joint < kJoints; ++joint) {
          float* at = person.joint(joint);
          const double x = at[0] * width_, y = at[1] * height_;
          pose_.bad_numbers += put_joint(at, x, y, static_cast<double>(at[2])) ? 0 : 1;
        }
      }
    }
    if (!options.fps && !times_.empty()) {
      check_times();
      recording.times = std::move(times_);
    }
    pose_.format = layout(LayoutId::mediapipe).name;
    pose_.width = width_;
    pose_.height = height_;
    assemble(recording, options, path_, pose_);
    return std::move(pose_);
  }

 private:
  void check_times() const {
    if (untimed_) {
      refuse("expected a time for every frame or for none, got some");
    }
    double last = -1;
    for (const auto& [frame, time] : times_) {
      if (time <= last) {
        refuse(text("expected rising times, got ", to_text(time), " s for frame ", frame));
      }
      last = time;
    }
  }

  const fs::path& path_;
  RecordingBuilder frames_;
  RawPose pose_;
  std::map<std::int64_t, double> times_;
  bool untimed_ = false;
  double width_ = 0, height_ = 0;
};

void read_json(const fs::path& path, MediapipeReader& reader) {
  std::optional<double> width, height;
  bool named = false;
  read_json_records(path, "MediaPipe Holistic's landmarks", [&](JsonRecord& record) {
    if (record.place == RecordPlace::member) {
      const bool number = record.value.is_number();
      if (record.key == "format") {
        named = record.value == "mediapipe-holistic";
      } else if (record.key == "version" && record.value != 1) {
        reader.refuse("expected version 1, got a different one");
      } else if (record.key == "width" && number) {
        width = record.value.get<double>();
      } else if (record.key == "height" && number) {
        height = record.value.get<double>();
      }
    } else if (record.place == RecordPlace::member_item && record.key == "frames") {
      const auto frame = record.value.find("frame");
      const auto whole = frame == record.value.end() ? std::nullopt : number_in(frame->dump());
      if (!whole || !frame->is_number()) {
        reader.refuse("expected a whole number as \"frame\", got none or another");
      }
      const std::int64_t number = *whole;
      HolisticPoints points = no_holistic_points();
      const bool any =
          read_holistic(record.value, points, [&](const std::string& why) { reader.refuse(why); });
      reader.set_time(number, number_at(record.value, "time_s"));
      any ? reader.add(number, points) : reader.empty(number);
    }
    return true;
  });
  if (!named) {
    reader.refuse("expected \"format\": \"mediapipe-holistic\", got a different one or none");
  }
  reader.set_picture(width, height);
}

// Reads one line at a time: a long recording has millions.
void read_csv_lines(const fs::path& path, MediapipeReader& reader) {
  constexpr std::string_view kHeader = "frame,time_s,width,height,part,point,x,y,confidence";
  constexpr std::size_t kColumns = 9, kMaxLine = 1000;
  std::ifstream file = open_input(path);
  std::string line;
  std::getline(file, line);
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
  const char separator = csv_separator(line);
  if (!file || lower(join(split(trim(line), separator), ",")) != kHeader) {
    reader.refuse(text("expected the columns ", kHeader, ", got others"));
  }
  std::int64_t current = -1, number = 1;
  HolisticPoints points;
  bool any = false;
  const auto flush = [&] {
    if (current >= 0) {
      any ? reader.add(current, points) : reader.empty(current);
    }
  };
  while (std::getline(file, line)) {
    ++number;
    if (trim(line).empty()) {
      continue;
    }
    const std::vector<std::string> cells =
        line.size() > kMaxLine ? std::vector<std::string>() : split(trim(line), separator);
    if (cells.size() != kColumns) {
      reader.refuse(
          text("expected ", kColumns, " cells in line ", number, ", got ",
               line.size() > kMaxLine ? std::string("a very long line") : text(cells.size())));
    }
    const auto frame = number_in(cells[0]);
    if (!frame || *frame < current || *frame < 0) {
      reader.refuse(
          text("expected rising frame numbers, got ", excerpt(cells[0]), " in line ", number));
    }
    if (*frame != current) {
      flush();
      current = *frame;
      points = no_holistic_points();
      any = false;
      const auto time = parse_cell(cells[1], separator);
      if (!time && !trim(cells[1]).empty()) {
        reader.refuse(
            text("expected a time in seconds, got ", excerpt(cells[1]), " in line ", number));
      }
      reader.set_time(current, time);
      reader.set_picture(parse_cell(cells[2], separator), parse_cell(cells[3], separator));
    }
    if (cells[4] == "none") {
      continue;
    }
    const auto name = std::find(kHolisticNames.begin(), kHolisticNames.end(), cells[4]);
    const auto point = parse_integer(cells[5]);
    const auto part = static_cast<std::size_t>(name - kHolisticNames.begin());
    if (name == kHolisticNames.end() || !point || *point < 0 || *point >= kHolisticPoints[part]) {
      reader.refuse(
          text("expected a point of pose (0 to 32), left_hand or right_hand (0 to 20), "
               "got ",
               excerpt(cells[4]), " ", excerpt(cells[5]), " in line ", number));
    }
    any = true;
    for (std::size_t axis = 0; axis < kJointValues; ++axis) {
      points[static_cast<std::size_t>(kHolisticFirst[part] + *point) * kJointValues + axis] =
          parse_cell(cells[6 + axis], separator).value_or(std::nan(""));
    }
  }
  flush();
}

}  // namespace

RawPose read_mediapipe(const fs::path& path, const ReadPoseOptions& options) {
  refuse_rows(options, path);
  MediapipeReader reader(path);
  lower(path.extension().string()) == ".csv" ? read_csv_lines(path, reader)
                                             : read_json(path, reader);
  return reader.finish(options);
}

}  // namespace minet::pose
