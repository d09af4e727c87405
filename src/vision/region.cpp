#include "vision/region.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace minet::vision {
namespace {

constexpr double kPi = std::numbers::pi;

double normalised(double angle) {
  return angle - 2 * kPi * std::floor((angle + kPi) / (2 * kPi));
}

double turn_towards(Point from, Point to, double target) {
  return normalised(target - std::atan2(-(to.y - from.y), to.x - from.x));
}

Point turned(double x, double y, double angle) {
  return {x * std::cos(angle) - y * std::sin(angle), x * std::sin(angle) + y * std::cos(angle)};
}

constexpr int kSteps = 32;  // per pixel

// Bilinear sampling; outside the image, pixels repeat its border or are 0.
struct Sampler {
  const Picture& picture;
  bool replicate;

  const std::uint8_t* at(std::int64_t x, std::int64_t y) const {
    static constexpr std::array<std::uint8_t, 3> kNothing = {0, 0, 0};
    if (replicate) {
      x = std::clamp<std::int64_t>(x, 0, picture.width - 1);
      y = std::clamp<std::int64_t>(y, 0, picture.height - 1);
    } else if (x < 0 || y < 0 || x >= picture.width || y >= picture.height) {
      return kNothing.data();
    }
    return picture.rgb + static_cast<std::size_t>(y) * picture.stride +
           3 * static_cast<std::size_t>(x);
  }

  // x, y in 1/32 pixel; out: three values in 0..255.
  void sample(std::int64_t x, std::int64_t y, std::array<int, 3>& out) const {
    const std::int64_t left = x >> 5, top = y >> 5;
    const int a = static_cast<int>(x & (kSteps - 1)), b = static_cast<int>(y & (kSteps - 1));
    const std::uint8_t *p, *q, *r, *s;
    if (left >= 0 && top >= 0 && left + 1 < picture.width && top + 1 < picture.height) {
      p = picture.rgb + static_cast<std::size_t>(top) * picture.stride +
          3 * static_cast<std::size_t>(left);
      q = p + 3, r = p + picture.stride, s = r + 3;
    } else {
      p = at(left, top), q = at(left + 1, top), r = at(left, top + 1), s = at(left + 1, top + 1);
    }
    for (int c = 0; c < 3; ++c) {
      const int sum =
          (kSteps - b) * ((kSteps - a) * p[c] + a * q[c]) + b * ((kSteps - a) * r[c] + a * s[c]);
      out[static_cast<std::size_t>(c)] = (sum + kSteps * kSteps / 2) / (kSteps * kSteps);
    }
  }
};

}  // namespace

double turn_of(Point from, Point to) {
  return turn_towards(from, to, kPi / 2);
}

Region region_along(Point center, Point end, bool down) {
  const double side = 2 * std::hypot(end.x - center.x, end.y - center.y);
  return {center, side, side, turn_towards(center, end, down ? -kPi / 2 : kPi / 2)};
}

Region transformed(const Region& region, double shift, double scale) {
  const Point move = turned(0, region.height * shift, region.turn);
  const double side = std::max(region.width, region.height) * scale;
  return {{region.center.x + move.x, region.center.y + move.y}, side, side, region.turn};
}

Region region_of_hand(const Hand& hand) {
  constexpr std::array<std::size_t, 12> kUsed = {0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18};
  const auto& points = hand.points;
  const Point middle = {((points[5].x + points[13].x) / 2 + points[9].x) / 2,
                        ((points[5].y + points[13].y) / 2 + points[9].y) / 2};
  const double turn = turn_of(points[0], middle);
  double least_x = 1e9, least_y = 1e9, most_x = -1e9, most_y = -1e9;
  for (const std::size_t i : kUsed) {
    const Point along = turned(points[i].x, points[i].y, -turn);
    least_x = std::min(least_x, along.x);
    least_y = std::min(least_y, along.y);
    most_x = std::max(most_x, along.x);
    most_y = std::max(most_y, along.y);
  }
  const Point center = turned((least_x + most_x) / 2, (least_y + most_y) / 2, turn);
  return {center, most_x - least_x, most_y - least_y, turn};
}

Point to_picture(const Region& region, double x, double y) {
  const Point move = turned((x - 0.5) * region.width, (y - 0.5) * region.height, region.turn);
  return {region.center.x + move.x, region.center.y + move.y};
}

at::Tensor crop(const Picture& picture, const Region& region, std::int64_t size, Border border,
                float least, float most) {
  at::Tensor out = at::empty({1, size, size, 3}, at::kFloat);
  float* value = out.data_ptr<float>();
  const double cells = static_cast<double>(size);
  const Point origin = to_picture(region, 0, 0), right = to_picture(region, 1, 0),
              bottom = to_picture(region, 0, 1);
  const Point along = {(right.x - origin.x) / cells * kSteps,
                       (right.y - origin.y) / cells * kSteps};
  const Point down = {(bottom.x - origin.x) / cells * kSteps,
                      (bottom.y - origin.y) / cells * kSteps};
  std::array<float, 256> shades;
  for (std::size_t i = 0; i < shades.size(); ++i) {
    shades[i] = least + static_cast<float>(i) * (most - least) / 255.0F;
  }
  const Sampler sampler{picture, border == Border::replicate};
  std::array<int, 3> rgb;
  constexpr double kFar = 1e9;  // keeps absurd regions within the integer range
  for (std::int64_t row = 0; row < size; ++row) {
    const double y = static_cast<double>(row);
    const double at_x = origin.x * kSteps + y * down.x, at_y = origin.y * kSteps + y * down.y;
    for (std::int64_t column = 0; column < size; ++column) {
      const double x = static_cast<double>(column);
      sampler.sample(std::lrint(std::clamp(at_x + x * along.x, -kFar, kFar)),
                     std::lrint(std::clamp(at_y + x * along.y, -kFar, kFar)), rgb);
      for (const int shade : rgb) *value++ = shades[static_cast<std::size_t>(shade)];
    }
  }
  return out;
}

}  // namespace minet::vision
