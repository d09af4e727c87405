// A preview of keypoints as a small SVG: a strip of skeletons, readable on light and dark pages.
#pragma once

#include <cstdint>
#include <string>

#include "minet/pose/pose.hpp"

namespace minet::pose {

struct DrawOptions {
  std::string title = {};       // any text; escaped
  std::int64_t pictures = 6;    // frames side by side, evenly spaced over the sequence
  double picture_width = 150;   // SVG units
  double picture_height = 170;  // at most
  double gap_confidence = 0.2;  // joints at or below are drawn hollow
};

// A whole SVG document. Right side blue, left side orange; all images share one scale.
std::string draw_svg(const PoseSequence& pose, const DrawOptions& options = {});

}  // namespace minet::pose
