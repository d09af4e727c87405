#include "pose/holistic.hpp"

#include <cmath>

#include "minet/core/text.hpp"
#include "minet/pose/skeleton.hpp"
#include "pose/layouts.hpp"

namespace minet::pose {
namespace {

using nlohmann::json;
using Refuse = std::function<void(const std::string&)>;

void read_part(const json& list, std::size_t part, HolisticPoints& points, const Refuse& refuse) {
  const auto count = static_cast<std::size_t>(kHolisticPoints[part]);
  if (!list.is_array() || list.size() != count) {
    refuse(text("expected ", count, " points or none as \"", kHolisticNames[part], "\", got ",
                list.is_array() ? text(list.size()) : std::string("something else")));
  }
  for (std::size_t i = 0; i < count; ++i) {
    const json& point = list[i];
    if (!point.is_array() || point.size() != kJointValues) {
      refuse(text("expected [x, y, confidence] for each point of \"", kHolisticNames[part],
                  "\", got something else"));
    }
    for (std::size_t axis = 0; axis < kJointValues; ++axis) {
      if (!point[axis].is_number() && !point[axis].is_null()) {
        refuse(text("expected numbers in \"", kHolisticNames[part], "\", got something else"));
      }
      points[(static_cast<std::size_t>(kHolisticFirst[part]) + i) * kJointValues + axis] =
          point[axis].is_null() ? std::nan("") : point[axis].get<double>();
    }
  }
}

}  // namespace

HolisticPoints no_holistic_points() {
  return HolisticPoints(static_cast<std::size_t>(layout(LayoutId::mediapipe).points) * kJointValues,
                        0.0);
}

bool read_holistic(const json& frame, HolisticPoints& points, const Refuse& refuse) {
  bool any = false;
  for (std::size_t part = 0; part < kHolisticParts; ++part) {
    const auto found = frame.find(kHolisticNames[part]);
    if (found == frame.end() || found->is_null() || (found->is_array() && found->empty())) {
      continue;
    }
    any = true;
    read_part(*found, part, points, refuse);
  }
  return any;
}

}  // namespace minet::pose
