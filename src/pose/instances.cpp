// Files with lists of detected people:
// - MMPose's and RTMPose's predictions, [{"frame_id", "instances": [{"keypoints": [[x, y], ...],
//   "keypoint_scores": [...]}]}], also inside {"instance_info": [...]};
//   https://mmpose.readthedocs.io/en/latest/user_guides/inference.html
// - COCO results, [{"image_id", "keypoints": [x, y, c, ...], "score"}];
//   https://cocodataset.org/#format-results
// - AlphaPose, as COCO results with "idx", or with --format open or cmu by image name;
//   https://github.com/MVIG-SJTU/AlphaPose/blob/master/docs/output.md
// All use the points of COCO (17), Halpe (26 or 136) or COCO-WholeBody (133).
#include <cmath>
#include <set>

#include "pose/checks.hpp"
#include "pose/formats.hpp"
#include "pose/json_records.hpp"
#include "pose/recording.hpp"

namespace minet::pose {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class InstanceReader {
 public:
  InstanceReader(const fs::path& path, std::string tool)
      : path_(path), tool_(std::move(tool)), frames_(tool_ + "'s files", path), images_(path) {}

  bool record(JsonRecord& record) {
    if (record.place == RecordPlace::list_item ||
        (record.place == RecordPlace::member_item && record.key == "instance_info")) {
      if (record.value.contains("instances")) {
        mmpose(record.value);
      } else {
        add(number_of(member(record.value, "image_id")), flat(member(record.value, "keypoints")),
            record.value);
      }
    } else if (record.place == RecordPlace::member && record.value.is_object() &&
               (record.value.contains("people") || record.value.contains("bodies"))) {
      by_image(record.key, record.value);
    }
    return true;
  }

  RawPose finish(const ReadPoseOptions& options) {
    Recording recording = frames_.finish(options, pose_, !lists_frames_);
    std::string names;
    for (const LayoutId id : met_) {
      names += (names.empty() ? "" : " and ") + std::string(layout(id).name);
    }
    pose_.format = text(tool_, " (", names, ")");
    assemble(recording, options, path_, pose_);
    return std::move(pose_);
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw InputError(text("Keypoints in ", shown(path_), " cannot be read: ", why,
                          "; the file should be a list of people as ", tool_, " writes it"));
  }
  const json& member(const json& object, const char* key) const {
    const auto found = object.find(key);
    if (found == object.end()) {
      refuse(text("expected \"", key, "\" for every person, got none"));
    }
    return *found;
  }

  // 12, 12.0, "12" or "clip_0012.jpg"; the images of one recording share a name.
  std::int64_t number_of(const json& id) {
    if (id.is_number_integer()) {
      if (id.is_number_unsigned() && id.get<std::uint64_t>() > 999'999'999'999'999'999U) {
        refuse("got a frame number beyond 18 digits");
      }
      return id.get<std::int64_t>();
    }
    if (id.is_number_float() && id.get<double>() == std::floor(id.get<double>()) &&
        std::abs(id.get<double>()) < 1e15) {
      return static_cast<std::int64_t>(id.get<double>());
    }
    const auto number = id.is_string() ? number_in(id.get<std::string>()) : std::nullopt;
    if (!number) {
      refuse(
          text("expected a frame number or an image name with one, got ",
               printable(id.dump(-1, ' ', false, json::error_handler_t::replace).substr(0, 60))));
    }
    images_.see(fs::path(id.get<std::string>()));
    return *number;
  }

  double number(const json& value) const {
    if (value.is_null()) {  // some tools write null for NaN
      return std::nan("");
    }
    if (!value.is_number()) {
      refuse(text("expected numbers as keypoints, got ", kind(value)));
    }
    return value.get<double>();
  }
  static std::string kind(const json& value) {
    return value.is_string()    ? "a text"
           : value.is_object()  ? "an object"
           : value.is_array()   ? "a list"
           : value.is_boolean() ? "a boolean"
                                : "something else";
  }
  const json& list(const json& value, const char* what) const {
    if (!value.is_array()) {
      refuse(text("expected a list as \"", what, "\", got ", kind(value)));
    }
    return value;
  }
  std::vector<double> flat(const json& values) const {
    std::vector<double> numbers;
    for (const json& value : list(values, "keypoints")) {
      numbers.push_back(number(value));
    }
    return numbers;
  }

  const Layout& layout_of(std::size_t numbers) const {
    const Layout* found =
        numbers % kJointValues == 0 ? coco_layout(numbers / kJointValues) : nullptr;
    if (found == nullptr) {
      refuse(
          text("expected 133 (COCO-WholeBody), 136 or 26 (Halpe) or 17 (COCO) points of three "
               "numbers, got ",
               numbers, " numbers"));
    }
    return *found;
  }

  // A number in any notation: 1, 1.0, "1", [1.0]; -1: none.
  static int tracker_id(const json& id) {
    constexpr double kMost = 1e9;
    std::optional<double> value;
    if (id.is_array()) return id.size() == 1 ? tracker_id(id.front()) : -1;
    if (id.is_number()) value = id.get<double>();
    if (id.is_string()) value = parse_double(trim(id.get<std::string>()));
    const bool whole = value && *value == std::floor(*value) && *value >= 0 && *value <= kMost;
    return whole ? static_cast<int>(*value) : -1;
  }

  void add(std::int64_t frame, const std::vector<double>& numbers, const json& person) {
    const Layout& found = layout_of(numbers.size());
    put(frame, found, numbers, person);
  }
  void put(std::int64_t frame, const Layout& found, const std::vector<double>& numbers,
           const json& person) {
    met_.insert(found.id);
    Person converted = to_person(found, numbers, pose_.bad_numbers);
    for (const char* key : {"track_id", "idx", "instance_id"}) {
      const auto id = person.find(key);
      if (id != person.end() && converted.id < 0) converted.id = tracker_id(*id);
    }
    frames_.add(frame, std::move(converted));
  }

  void mmpose(const json& frame) {
    const auto id = frame.find("frame_id");
    const std::int64_t at = id != frame.end() ? number_of(*id) : count_;
    ++count_;
    lists_frames_ = true;
    if (!listed_.insert(at).second) {
      refuse(text("expected each frame once, got frame ", at,
                  " twice, as in two recordings in one file"));
    }
    frames_.frame(at);  // also if nobody is seen
    for (const json& person : list(member(frame, "instances"), "instances")) {
      if (!person.is_object()) {
        refuse(text("expected objects as \"instances\", got ", kind(person)));
      }
      const json& points = list(member(person, "keypoints"), "keypoints");
      const json& scores = list(member(person, "keypoint_scores"), "keypoint_scores");
      if (points.size() != scores.size()) {
        refuse(text("expected a score for each of ", points.size(), " keypoints, got ",
                    scores.size()));
      }
      std::vector<double> numbers;
      for (std::size_t i = 0; i < points.size(); ++i) {
        if (!points[i].is_array() || points[i].size() < 2) {
          refuse("expected [x, y] for each keypoint, got something else");
        }
        numbers.insert(numbers.end(),
                       {number(points[i][0]), number(points[i][1]), number(scores[i])});
      }
      add(at, numbers, person);
    }
  }

  // AlphaPose's --format open ("people") and cmu ("bodies"): OpenPose's 18 points, no hands.
  void by_image(const std::string& image, const json& frame) {
    const bool open = frame.contains("people");
    const std::int64_t at = number_of(json(image));
    frames_.frame(at);
    for (const json& person : list(frame.at(open ? "people" : "bodies"), "people")) {
      if (!person.is_object()) {
        refuse(text("expected objects as people, got ", kind(person)));
      }
      const std::vector<double> body = flat(member(person, open ? "pose_keypoints_2d" : "joints"));
      const Layout& found = layout(LayoutId::coco18);
      if (body.size() != static_cast<std::size_t>(found.body_points) * kJointValues) {
        refuse(text("expected 54 numbers for a person, got ", body.size()));
      }
      std::vector<double> numbers = body;
      numbers.resize(static_cast<std::size_t>(found.points) * kJointValues, 0.0);
      put(at, found, numbers, person);
    }
  }

  const fs::path& path_;
  std::string tool_;
  RecordingBuilder frames_;
  OneRecording images_;
  RawPose pose_;
  std::set<LayoutId> met_;
  std::set<std::int64_t> listed_;
  bool lists_frames_ = false;  // frames without people are listed too
  std::int64_t count_ = 0;
};

}  // namespace

RawPose read_instances(const fs::path& path, const ReadPoseOptions& options, bool alphapose) {
  refuse_rows(options, path);
  InstanceReader reader(path, alphapose ? "AlphaPose" : "MMPose or COCO results");
  read_json_records(path, "people as MMPose, COCO results or AlphaPose list them",
                    [&](JsonRecord& record) { return reader.record(record); });
  return reader.finish(options);
}

}  // namespace minet::pose
