// Turned squares of a picture, which is what the networks look at.
// The rules and numbers are MediaPipe's; "up" of a region is where the player's head or the fingers
// are.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cmath>
#include <span>

#include "minet/vision/estimator.hpp"

namespace minet::vision {

inline double distance(Point a, Point b) {
  return std::hypot(a.x - b.x, a.y - b.y);
}

struct Region {
  Point center;
  double width = 0, height = 0;  // pixels, before it is turned
  double turn = 0;               // radians, clockwise as seen
};

// The square around `center` in which the way from `center` to `end` points up; twice as wide as
// that way is long. `down`: it points down.
Region region_along(Point center, Point end, bool down = false);
// How far a region is turned in which the way from `from` to `to` points up.
double turn_of(Point from, Point to);

// Moved along its own height by `shift` of it (negative: up), then made square by its longer side
// and `scale` times as large.
Region transformed(const Region& region, double shift, double scale);

// The turned box around a hand's points, as it is looked at in the next picture.
Region region_of_hand(const Hand& hand);

// A place in the region, 0..1 from its upper left corner, as a place in the picture.
Point to_picture(const Region& region, double x, double y);

enum class Border { zero, replicate };

// The region as [1, size, size, 3], values from `least` to `most`. Bilinear on a grid of 1/32
// pixel, as OpenCV's warpPerspective does it, so that the networks see what they see in MediaPipe.
at::Tensor crop(const Picture& picture, const Region& region, std::int64_t size, Border border,
                float least = 0, float most = 1);

}  // namespace minet::vision
