// A frame's points in JSON, as in docs/keypoints.md.
#pragma once

#include <optional>
#include <string>

#include "minet/video/frame_reader.hpp"
#include "minet/vision/estimator.hpp"

namespace minet::video {

// "frame":N,"time_s":S,"pose":[...],"left_hand":[...],"right_hand":[...]
std::string holistic_members(const Frame& frame, const std::optional<vision::Player>& player);

// The same as a complete object, with the image's width and height.
std::string holistic_line(const Frame& frame, const std::optional<vision::Player>& player);

}  // namespace minet::video
