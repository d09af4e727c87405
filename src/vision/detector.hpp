// The two detectors, of bodies and of palms: many small boxes with a few points each, of which
// overlapping ones are merged.
#pragma once

#include <filesystem>
#include <vector>

#include "minet/vision/network.hpp"
#include "vision/region.hpp"

namespace minet::vision {

struct Detection {
  double score = 0;  // 0..1
  double left = 0, top = 0, right = 0, bottom = 0;
  std::vector<Point> points;
};

struct DetectorShape {
  const char* file;
  int points;         // per box
  float least, most;  // range of the input values
  // Cells per side and boxes per cell, in the network's order.
  std::vector<std::pair<int, int>> grids;
};
DetectorShape body_detector();  // point 0: middle of the hips, 1: size of the body
DetectorShape palm_detector();  // point 0: wrist, 2: base of the middle finger

class Detector {
 public:
  Detector(const std::filesystem::path& networks, DetectorShape shape, const at::Device& device);
  // Searches an upright square of the image; best first, in pixels of the image.
  std::vector<Detection> find(const Picture& picture, const Region& square) const;

 private:
  DetectorShape shape_;
  std::vector<Point> anchors_;  // 0..1
  Network network_;
};

}  // namespace minet::vision
