#include "vision/body_tracker.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::vision {
namespace {

constexpr double kEnlarged = 1.25;               // region relative to the hips and the size point
constexpr double kLeastPresence = 0.5;           // lost at or below this
constexpr double kLeastStep = 1e-3;              // s
constexpr double kPatience = 2;                  // s, in which a lost player is not replaced
constexpr std::int64_t kCells = 64, kMaps = 39;  // of the heat maps
constexpr int kValues = 5;                       // x, y, z, visibility, presence

double sigmoid(double value) {
  return 1 / (1 + std::exp(-value));
}

// Moves a landmark to the centre of the heat around it. The graph specifies a window of 7, but the
// Python solution, the usual reference, loses that option and uses 9.
void refine(double& x, double& y, const float* heat, std::size_t map) {
  constexpr std::int64_t kReach = 4;
  constexpr double kLeastHeat = 0.5;
  const auto column = static_cast<std::int64_t>(x * kCells);
  const auto row = static_cast<std::int64_t>(y * kCells);
  if (!(x >= 0 && y >= 0) || column >= kCells || row >= kCells) return;
  double sum = 0, most = 0, sum_x = 0, sum_y = 0;
  for (std::int64_t r = std::max<std::int64_t>(0, row - kReach);
       r < std::min(kCells, row + kReach + 1); ++r) {
    for (std::int64_t c = std::max<std::int64_t>(0, column - kReach);
         c < std::min(kCells, column + kReach + 1); ++c) {
      const double value = sigmoid(heat[static_cast<std::size_t>((r * kCells + c) * kMaps) + map]);
      sum += value;
      most = std::max(most, value);
      sum_x += static_cast<double>(c) * value;
      sum_y += static_cast<double>(r) * value;
    }
  }
  if (most < kLeastHeat) return;
  x = sum_x / sum / kCells;
  y = sum_y / sum / kCells;
}

// Whether the middle of one box, which is the face's, lies in the other. Of a body at the edge of a
// square the detector sees the face best.
bool same_face(const Detection& a, const Detection& b) {
  const Point middle{(b.left + b.right) / 2, (b.top + b.bottom) / 2};
  return middle.x > a.left && middle.x < a.right && middle.y > a.top && middle.y < a.bottom;
}

}  // namespace

BodyTracker::BodyTracker(const std::filesystem::path& networks, const at::Device& device)
    : detector_(networks, body_detector(), device),
      // Landmarks, presence, heat maps; not the player's outline.
      network_(Network::load(networks / "pose_landmark_full.tflite", {0, 1, 3}, device)) {
  const auto out = network_.run(at::zeros(network_.input_shape()));
  if (out[0].numel() != kMaps * kValues || out[1].numel() != 1 ||
      out[2].numel() != kCells * kCells * kMaps) {
    throw InputError(
        text((networks / "pose_landmark_full.tflite").string(), ": expected MediaPipe's ",
             "network for bodies, got a different one; run scripts/setup.sh, which fetches it"));
  }
  forget();
}

void BodyTracker::forget() {
  constexpr std::size_t kFiltered = kAll;
  region_.reset();
  last_time_.reset();
  visibilities_.assign(kFiltered, {});
  x_.assign(kFiltered, OneEuro(0.05, 80));
  for (const std::size_t point : {kHips, kSize}) x_[point] = OneEuro(0.01, 10);
  y_ = x_;
}

std::vector<Detection> BodyTracker::detect(const Picture& picture) const {
  const double side = std::max(picture.width, picture.height);
  return detector_.find(picture, {{picture.width / 2.0, picture.height / 2.0}, side, side, 0});
}

// The detector tends to find one person in an image. So this also runs it on squares as high as
// the image (or as wide), half a side apart.
std::vector<Detection> BodyTracker::detect_all(const Picture& picture) const {
  std::vector<Detection> all = detect(picture);
  const double side = std::min(picture.width, picture.height);
  const double room = std::max(picture.width, picture.height) - side;
  const int steps = static_cast<int>(std::min(8.0, std::ceil(2 * room / side)));
  for (int i = 0; steps > 0 && i <= steps; ++i) {
    const double middle = side / 2 + room * i / steps;
    const Point center =
        picture.width > picture.height ? Point{middle, side / 2} : Point{side / 2, middle};
    for (Detection& one : detector_.find(picture, {center, side, side, 0})) {
      const double size = distance(one.points[0], one.points[1]);
      const bool known = std::any_of(all.begin(), all.end(), [&](const Detection& other) {
        return distance(other.points[0], one.points[0]) < 0.5 * size || same_face(other, one);
      });
      if (!known) all.push_back(std::move(one));
    }
  }
  return all;
}

void BodyTracker::follow(Point hips) {
  forget();
  hips_ = hips;
  keep_ = true;
}

std::optional<Region> BodyTracker::search(const Picture& picture, double time_s) {
  ++searches_;
  if (!keep_ && time_s - seen_s_ > kPatience) hips_.reset();
  const std::vector<Detection> found = hips_ ? detect_all(picture) : detect(picture);
  if (found.empty()) return std::nullopt;
  const Detection* chosen = &found.front();
  if (hips_) {
    const auto away = [&](const Detection& one) { return distance(one.points[0], *hips_); };
    for (const Detection& one : found) {
      if (away(one) < away(*chosen)) chosen = &one;
    }
    // Nobody close to where the player was: better nobody than somebody else.
    const double size = distance(chosen->points[0], chosen->points[1]);
    if (away(*chosen) > size) return std::nullopt;
  }
  return transformed(region_along(chosen->points[0], chosen->points[1]), 0, kEnlarged);
}

std::optional<BodyTracker::Points> BodyTracker::look_at(const Picture& picture,
                                                        const Region& region) const {
  const std::int64_t size = network_.input_shape()[1];
  const auto out = network_.run(crop(picture, region, size, Border::replicate));
  if (!(out[1].const_data_ptr<float>()[0] > kLeastPresence)) return std::nullopt;
  const float* const values = out[0].const_data_ptr<float>();
  const float* const heat = out[2].const_data_ptr<float>();
  Points points;
  for (std::size_t i = 0; i < kAll; ++i) {
    const float* const one = values + kValues * i;
    double x = one[0] / static_cast<double>(size), y = one[1] / static_cast<double>(size);
    refine(x, y, heat, i);
    const Point place = to_picture(region, x, y);
    if (!std::isfinite(place.x) || !std::isfinite(place.y)) return std::nullopt;
    points[i] = {place, sigmoid(one[3])};
  }
  return points;
}

void BodyTracker::smooth(Points& points, double time_s) {
  const double step = std::max(last_time_ ? time_s - *last_time_ : kLeastStep, kLeastStep);
  last_time_ = time_s;
  const double scale = std::max(region_along(points[kHips], points[kSize]).width, 1e-6);
  for (std::size_t i = 0; i < kAll; ++i) {
    points[i].x = x_[i](points[i].x, step, scale);
    points[i].y = y_[i](points[i].y, step, scale);
    points[i].visibility = visibilities_[i](points[i].visibility, 0.1);
  }
}

std::optional<Body> BodyTracker::look(const Picture& picture, double time_s) {
  if (!region_) region_ = search(picture, time_s);
  auto points = region_ ? look_at(picture, *region_) : std::nullopt;
  if (!points) {
    forget();
    return std::nullopt;
  }
  smooth(*points, time_s);
  region_ = transformed(region_along((*points)[kHips], (*points)[kSize]), 0, kEnlarged);
  hips_ = (*points)[kHips];
  seen_s_ = time_s;
  Body body;
  std::copy_n(points->begin(), body.size(), body.begin());
  return body;
}

}  // namespace minet::vision
