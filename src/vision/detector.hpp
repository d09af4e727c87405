// The two detectors, of bodies and of palms: many small boxes with a few points each, of which
// those that agree are joined.
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
  int points;         // of each box
  float least, most;  // of the input
  // Cells a side and boxes a cell, in the network's order.
  std::vector<std::pair<int, int>> grids;
};
DetectorShape body_detector();  // points 0: the middle of the hips, 1: the size of the body
DetectorShape palm_detector();  // points 0: the wrist, 2: the middle finger's root

class Detector {
 public:
  Detector(const std::filesystem::path& networks, DetectorShape shape, const at::Device& device);
  // In an upright square of the picture, best first; in pixels of the picture.
  std::vector<Detection> find(const Picture& picture, const Region& square) const;

 private:
  DetectorShape shape_;
  std::vector<Point> anchors_;  // 0..1
  Network network_;
};

}  // namespace minet::vision
