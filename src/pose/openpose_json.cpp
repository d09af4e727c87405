// OpenPose JSON, versions 0.1 to 1.3: {"people": [{"pose_keypoints_2d": [x0, y0, c0, x1, ...],
// "hand_left_keypoints_2d": [...], "hand_right_keypoints_2d": [...]}]}; 0.1 has the same names
// without "_2d". layouts.cpp maps points to joints.
// Read with nlohmann's SAX interface: limits are checked while parsing, and everything that is not
// needed (face, 3-D, ids) is skipped without being stored.
#include "pose/openpose_json.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

#include "minet/core/file_kind.hpp"
#include "minet/core/files.hpp"
#include "pose/checks.hpp"
#include "pose/json_text.hpp"

namespace minet::pose {
namespace {

constexpr std::uint64_t kMaxFrameBytes = 1U << 20;
constexpr int kMaxDepth = 16;
constexpr std::size_t kHandNumbers = 63;

enum Part { kBody, kLeft, kRight, kParts };
constexpr std::array<std::string_view, kParts> kPartNames = {
    "pose_keypoints", "hand_left_keypoints", "hand_right_keypoints"};

struct RawPerson {
  std::array<std::vector<double>, kParts> numbers;
  std::array<bool, kParts> modern{};  // read from the name with "_2d", which takes precedence
};

// The callbacks of nlohmann::json::sax_parse. False stops the parser; `problem` gives the reason.
class Handler {
 public:
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  bool null() {  // some tools write null for NaN
    return part_ && depth_ == kNumberDepth ? number(std::numeric_limits<double>::quiet_NaN())
                                           : value("null");
  }
  bool boolean(bool) { return value("a boolean"); }
  bool number_integer(number_integer_t v) { return number(static_cast<double>(v)); }
  bool number_unsigned(number_unsigned_t v) { return number(static_cast<double>(v)); }
  bool number_float(number_float_t v, const string_t&) { return number(v); }
  bool string(string_t&) { return value("a text"); }
  bool binary(binary_t&) { return value("bytes"); }

  bool start_object(std::size_t) {
    if (part_) {
      return refuse_value("an object");
    }
    if (depth_ == kPeopleDepth && in_people_) {
      if (people.size() == kMaxPeople) {
        return refuse(text("expected at most ", kMaxPeople, " people, got more"));
      }
      people.emplace_back();
      in_person_ = true;
    } else if (depth_ == 1 && wants_people_) {
      return refuse_value("an object");
    }
    return enter();
  }
  bool end_object() {
    --depth_;
    if (depth_ == kPeopleDepth) {
      in_person_ = false;
    }
    return true;
  }
  bool start_array(std::size_t) {
    if (depth_ == 0) {
      return refuse("expected an object with \"people\", got a list");
    }
    if (depth_ == 1 && wants_people_) {
      wants_people_ = false;
      in_people_ = true;
      has_people = true;
    } else if (part_ && depth_ == kNumberDepth) {
      return refuse_value("a list");
    } else if (depth_ == kPeopleDepth && in_people_) {
      return refuse("expected objects in \"people\", got a list");
    }
    return enter();
  }
  bool end_array() {
    --depth_;
    if (depth_ == 1) {
      in_people_ = false;
    }
    if (depth_ == kPersonDepth) {
      part_.reset();
    }
    return true;
  }
  bool key(string_t& name) {
    if (depth_ == 1) {
      wants_people_ = name == "people";
      if (wants_people_ && has_people) {
        return refuse("expected \"people\" once, got it twice");
      }
    } else if (depth_ == kPersonDepth && in_person_) {
      return start_part(name);
    }
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& e) {
    return refuse(e.id == 406 ? text("got a number out of range near byte ", position)
                              : text("expected JSON, got an error near byte ", position));
  }

  std::vector<RawPerson> people;
  std::string problem;
  bool has_people = false;

 private:
  // Depths inside {"people": [{"pose_keypoints_2d": [...]}]}.
  static constexpr int kPeopleDepth = 2, kPersonDepth = 3, kNumberDepth = 4;

  bool start_part(std::string_view name) {
    constexpr std::string_view kSuffix = "_2d";
    const bool modern = name.ends_with(kSuffix);
    if (modern) {
      name.remove_suffix(kSuffix.size());
    }
    for (std::size_t i = 0; i < kParts; ++i) {
      RawPerson& person = people.back();
      if (name == kPartNames[i] && (modern || !person.modern[i])) {
        part_ = i;
        person.modern[i] = modern;
        person.numbers[i].clear();
      }
    }
    return true;
  }
  bool number(double v) {
    if (part_ && depth_ == kNumberDepth) {
      people.back().numbers[*part_].push_back(v);
      return true;
    }
    return value("a number");
  }
  // A scalar: ignored where nothing is expected; null for a part means that it was not run.
  bool value(std::string_view what) {
    if (part_) {
      if (what == "null" && depth_ == kPersonDepth) {
        part_.reset();
        return true;
      }
      return refuse_value(what);
    }
    if (depth_ == 0 || (depth_ == 1 && wants_people_) || (depth_ == kPeopleDepth && in_people_)) {
      return refuse(text("expected an object with a list of \"people\", got ", what));
    }
    return true;
  }
  bool refuse_value(std::string_view what) {
    return refuse(
        part_ ? text("expected a list of numbers as \"", kPartNames[*part_], "\", got ", what)
              : text("expected a list as \"people\", got ", what));
  }
  bool refuse(std::string why) {
    if (problem.empty()) {
      problem = std::move(why);
    }
    return false;
  }
  bool enter() {
    return ++depth_ <= kMaxDepth ||
           refuse(text("expected at most ", kMaxDepth, " levels, got more"));
  }

  int depth_ = 0;
  bool wants_people_ = false, in_people_ = false, in_person_ = false;
  std::optional<std::size_t> part_;
};

// The layout of a body with this many numbers; nullptr: none. BODY_25B has as many as BODY_25, so
// they cannot be told apart by the number.
const Layout* body_layout(std::size_t numbers, bool body25b) {
  for (const LayoutId id : {body25b ? LayoutId::body25b : LayoutId::body25, LayoutId::coco18}) {
    if (numbers == static_cast<std::size_t>(layout(id).body_points) * kJointValues) {
      return body25b && id == LayoutId::coco18 ? nullptr : &layout(id);
    }
  }
  return nullptr;
}

// Why the person cannot be read, or "".
std::string convert(const RawPerson& raw, bool body25b, OpenPoseFrame& frame) {
  const std::vector<double>& body = raw.numbers[kBody];
  const Layout* found = body.empty() ? &layout(body25b ? LayoutId::body25b : LayoutId::body25)
                                     : body_layout(body.size(), body25b);
  if (found == nullptr) {
    return text("expected ",
                body25b ? "75 numbers (BODY_25B)" : "75 numbers (BODY_25) or 54 (COCO-18)",
                " as \"pose_keypoints\", got ", body.size());
  }
  if (!body.empty()) {
    (found->id == LayoutId::coco18 ? frame.coco : frame.body25) = true;
  }
  std::vector<double> numbers = body;
  numbers.resize(static_cast<std::size_t>(found->points) * kJointValues, 0.0);
  std::size_t at = static_cast<std::size_t>(found->body_points) * kJointValues;
  for (const Part part : {kLeft, kRight}) {
    const std::vector<double>& hand = raw.numbers[part];
    if (!hand.empty() && hand.size() != kHandNumbers) {
      return text("expected 63 numbers or none as \"", kPartNames[part], "\", got ", hand.size());
    }
    std::copy(hand.begin(), hand.end(), numbers.begin() + static_cast<std::ptrdiff_t>(at));
    at += kHandNumbers;
  }
  frame.people.push_back(to_person(*found, numbers, frame.bad_numbers));
  return {};
}

}  // namespace

OpenPoseFrame read_openpose_frame(const std::filesystem::path& path, bool body25b) {
  const std::string content = read_file(path, kMaxFrameBytes);
  Handler handler;
  const std::string kind = file_kind(content);
  std::string problem = kind.empty() ? kind : "it is " + kind;
  // Only files with such words need the extra pass.
  const bool words =
      content.find("NaN") != std::string::npos || content.find("Infinity") != std::string::npos;
  bool parsed = false;
  if (problem.empty()) {
    std::istringstream stream(words ? content : std::string());
    JsonText cleaned(stream);
    parsed = words ? nlohmann::json::sax_parse(cleaned, &handler)
                   : nlohmann::json::sax_parse(content, &handler);
    problem = handler.problem;
  }
  if (parsed && !handler.has_people) {
    problem = "expected a list of \"people\", got none";
  }
  OpenPoseFrame frame;
  for (const RawPerson& person : handler.people) {
    if (problem.empty()) {
      problem = convert(person, body25b, frame);
    }
  }
  if (!problem.empty() || !parsed) {
    throw InputError(text("Keypoints in ", shown(path), " cannot be read: ", problem,
                          "; each file must be one frame written by OpenPose"));
  }
  return frame;
}

}  // namespace minet::pose
