// A frame of MediaPipe Holistic in JSON, as in docs/keypoints.md: "pose" [33 x [x, y, visibility]],
// "left_hand" and "right_hand" [21 x [x, y, confidence]] or empty.
#pragma once

#include <array>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace minet::pose {

inline constexpr std::size_t kHolisticParts = 3;
inline constexpr std::array<std::string_view, kHolisticParts> kHolisticNames = {"pose", "left_hand",
                                                                                "right_hand"};
inline constexpr std::array<int, kHolisticParts> kHolisticPoints = {33, 21, 21};
inline constexpr std::array<int, kHolisticParts> kHolisticFirst = {0, 33, 54};

using HolisticPoints = std::vector<double>;  // [75, 3]
HolisticPoints no_holistic_points();         // zeros

// False if the frame shows nobody. `refuse` gets what was expected and what was got; it must throw.
bool read_holistic(const nlohmann::json& frame, HolisticPoints& points,
                   const std::function<void(const std::string&)>& refuse);

}  // namespace minet::pose
