#include "vision/detector.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::vision {
namespace {

constexpr double kLeastScore = 0.5, kOverlap = 0.3;

// Intersection over union of two boxes.
double overlap(const Detection& a, const Detection& b) {
  const double width = std::min(a.right, b.right) - std::max(a.left, b.left);
  const double height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  if (width <= 0 || height <= 0) return 0;
  const auto area = [](const Detection& box) {
    return (box.right - box.left) * (box.bottom - box.top);
  };
  return width * height / (area(a) + area(b) - width * height);
}

// The mean of boxes that overlap with the best of them, weighted by score.
Detection joined(const std::vector<Detection>& group) {
  Detection out = group.front();
  double sum = 0;
  out.left = out.top = out.right = out.bottom = 0;
  for (Point& point : out.points) point = {};
  for (const Detection& one : group) {
    sum += one.score;
    out.left += one.score * one.left;
    out.top += one.score * one.top;
    out.right += one.score * one.right;
    out.bottom += one.score * one.bottom;
    for (std::size_t i = 0; i < out.points.size(); ++i) {
      out.points[i].x += one.score * one.points[i].x;
      out.points[i].y += one.score * one.points[i].y;
    }
  }
  for (double* value : {&out.left, &out.top, &out.right, &out.bottom}) *value /= sum;
  for (Point& point : out.points) point = {point.x / sum, point.y / sum};
  return out;
}

std::vector<Detection> without_doubles(std::vector<Detection> found) {
  std::sort(found.begin(), found.end(),
            [](const Detection& a, const Detection& b) { return a.score > b.score; });
  std::vector<Detection> out;
  while (!found.empty()) {
    std::vector<Detection> group, rest;
    for (Detection& one : found) {
      (overlap(found.front(), one) > kOverlap ? group : rest).push_back(one);
    }
    if (group.empty()) group.push_back(found.front()), rest.erase(rest.begin());  // an empty box
    out.push_back(joined(group));
    found = std::move(rest);
  }
  return out;
}

}  // namespace

DetectorShape body_detector() {
  return {"pose_detection.tflite", 4, -1, 1, {{28, 2}, {14, 2}, {7, 6}}};
}

DetectorShape palm_detector() {
  return {"palm_detection_full.tflite", 7, 0, 1, {{24, 2}, {12, 6}}};
}

Detector::Detector(const std::filesystem::path& networks, DetectorShape shape,
                   const at::Device& device)
    : shape_(std::move(shape)), network_(Network::load(networks / shape_.file, {}, device)) {
  for (const auto& [cells, boxes] : shape_.grids) {
    for (int i = 0; i < cells * cells * boxes; ++i) {
      const int cell = i / boxes;
      anchors_.push_back({(cell % cells + 0.5) / cells, (cell / cells + 0.5) / cells});
    }
  }
  const auto out = network_.run(at::zeros(network_.input_shape()));
  const auto boxes = static_cast<std::int64_t>(anchors_.size());
  if (out.size() != 2 || out[0].numel() != boxes * (4 + 2 * shape_.points) ||
      out[1].numel() != boxes) {
    throw InputError(text((networks / shape_.file).string(),
                          ": expected MediaPipe's detector, got ",
                          "a different network; run scripts/setup.sh, which fetches it"));
  }
}

std::vector<Detection> Detector::find(const Picture& picture, const Region& square) const {
  const std::int64_t size = network_.input_shape()[1];
  const auto out =
      network_.run(crop(picture, square, size, Border::zero, shape_.least, shape_.most));
  const float* const boxes = out[0].const_data_ptr<float>();
  const float* const scores = out[1].const_data_ptr<float>();
  const auto values = static_cast<std::size_t>(4 + 2 * shape_.points);
  const double scale = static_cast<double>(size);
  std::vector<Detection> found;
  for (std::size_t i = 0; i < anchors_.size(); ++i) {
    const double score = 1 / (1 + std::exp(-std::clamp<double>(scores[i], -100, 100)));
    if (!(score >= kLeastScore)) continue;
    const float* const box = boxes + i * values;
    const auto place = [&](std::size_t at) {
      return to_picture(square, box[at] / scale + anchors_[i].x,
                        box[at + 1] / scale + anchors_[i].y);
    };
    const Point center = place(0);
    const double width = box[2] / scale * square.width, height = box[3] / scale * square.height;
    Detection one{score,
                  center.x - width / 2,
                  center.y - height / 2,
                  center.x + width / 2,
                  center.y + height / 2,
                  {}};
    for (int k = 0; k < shape_.points; ++k)
      one.points.push_back(place(4 + 2 * static_cast<std::size_t>(k)));
    found.push_back(std::move(one));
  }
  return without_doubles(std::move(found));
}

}  // namespace minet::vision
