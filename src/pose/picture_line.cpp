#include "minet/pose/picture_line.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "core/bounded_json.hpp"
#include "minet/core/text.hpp"
#include "pose/checks.hpp"
#include "pose/holistic.hpp"
#include "pose/layouts.hpp"

namespace minet::pose {
namespace {

using nlohmann::json;

[[noreturn]] void refuse(const std::string& why) {
  throw InputError(text("expected a frame's joints in a line of JSON: ", why));
}

double number_of(const json& value) {  // null: not seen
  if (value.is_null()) return std::nan("");
  if (!value.is_number()) refuse("expected numbers, got something else");
  return value.get<double>();
}

// [x, y] or [x, y, confidence]
std::array<double, kJointValues> point_of(const json& value) {
  if (value.is_null()) return {0, 0, 0};
  if (!value.is_array() || (value.size() != 2 && value.size() != 3)) {
    refuse("expected [x, y] or [x, y, confidence] for each joint, got something else");
  }
  return {number_of(value[0]), number_of(value[1]), value.size() == 3 ? number_of(value[2]) : 1};
}

void put(ArrivedPicture& picture, std::size_t joint, std::span<const double> point) {
  put_joint(picture.joints.data() + joint * kJointValues, point[0], point[1], point[2]);
}

ArrivedPicture from_list(const json& list) {
  if (!list.empty() && !list[0].is_array() && !list[0].is_null()) {
    std::vector<double> numbers;
    for (const json& value : list) numbers.push_back(number_of(value));
    return picture_of(numbers);
  }
  if (list.size() != kJoints) refuse(text("expected 47 joints, got ", list.size()));
  ArrivedPicture picture;
  for (std::size_t joint = 0; joint < kJoints; ++joint) put(picture, joint, point_of(list[joint]));
  return picture;
}

ArrivedPicture from_names(const json& object) {
  ArrivedPicture picture;
  for (const auto& [name, value] : object.items()) {
    std::size_t joint = 0;
    while (joint < kJoints && kSkeleton[joint].name != name) ++joint;
    if (joint == kJoints) {
      refuse(text("expected the name of a joint, such as right_wrist, got ",
                  printable(name.substr(0, 40))));
    }
    put(picture, joint, point_of(value));
  }
  return picture;
}

ArrivedPicture from_mediapipe(const json& frame) {
  const auto side = [&](const char* name) {
    const auto found = frame.find(name);
    if (found == frame.end() || !found->is_number() || !(found->get<double>() >= 1)) {
      refuse(text("expected the image's \"width\" and \"height\" in pixels beside \"pose\""));
    }
    return found->get<double>();
  };
  const double width = side("width"), height = side("height");
  HolisticPoints points = no_holistic_points();
  ArrivedPicture picture;
  if (!read_holistic(frame, points, refuse)) return picture;
  for (std::size_t i = 0; i < points.size(); i += kJointValues) {
    points[i] *= width, points[i + 1] *= height;
  }
  std::int64_t bad_numbers = 0;
  picture.joints = to_person(layout(LayoutId::mediapipe), points, bad_numbers).points;
  return picture;
}

}  // namespace

ArrivedPicture picture_of(std::span<const double> numbers) {
  constexpr std::size_t kPlaces = 2 * static_cast<std::size_t>(kJoints);
  if (numbers.size() != kFrameValues && numbers.size() != kPlaces) {
    throw InputError(text("expected 141 numbers (x, y and confidence of 47 joints) or 94 ",
                          "(x and y), got ", numbers.size()));
  }
  const std::size_t values = numbers.size() / kJoints;
  ArrivedPicture picture;
  for (std::size_t joint = 0; joint < kJoints; ++joint) {
    const double* from = numbers.data() + joint * values;
    put(picture, joint, std::array{from[0], from[1], values == 3 ? from[2] : 1.0});
  }
  return picture;
}

ArrivedPicture parse_picture_line(std::string_view line) {
  if (line.size() > kMaxPictureLine) refuse("got one of more than 64 KiB");
  const json value = parse_bounded_json(line, {.depth = 4, .values = 4096}, [](const auto& got) {
    return InputError(text("expected a frame's joints in a line of JSON, got ", got));
  });
  if (value.is_array()) return from_list(value);
  if (!value.is_object()) refuse("expected a list or an object, got something else");
  const auto joints = value.find("joints");
  ArrivedPicture picture;
  if (joints == value.end()) {
    if (!value.contains("pose")) refuse("expected \"joints\" or \"pose\" in it, got neither");
    picture = from_mediapipe(value);
  } else if (joints->is_array()) {
    picture = from_list(*joints);
  } else if (joints->is_object()) {
    picture = from_names(*joints);
  } else {
    refuse("expected a list or an object as \"joints\", got something else");
  }
  for (const char* name : {"t", "time_s"}) {
    const auto time = value.find(name);
    if (time == value.end() || !time->is_number()) continue;
    const auto seconds = time->get<double>();
    if (std::isfinite(seconds)) picture.time_s = seconds;
  }
  return picture;
}

}  // namespace minet::pose
