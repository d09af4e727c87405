// Rotated squares of an image, the input of the networks.
// Rules and numbers are MediaPipe's; "up" in a region is towards the player's head or the
// fingertips.
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
  double width = 0, height = 0;  // pixels, before rotation
  double turn = 0;               // radians, clockwise in the image
};

// The square around `center` in which the line from `center` to `end` points up, twice as wide as
// that line is long. `down`: it points down.
Region region_along(Point center, Point end, bool down = false);
// The rotation of a region in which the line from `from` to `to` points up.
double turn_of(Point from, Point to);

// Moves the region along its own height by `shift` of it (negative: up), then makes it a square of
// its longer side times `scale`.
Region transformed(const Region& region, double shift, double scale);

// The rotated box around a hand's points, from which the next frame's region is made.
Region region_of_hand(const Hand& hand);

// The point of the image at x, y of the region, 0..1 from its upper left corner.
Point to_picture(const Region& region, double x, double y);

enum class Border { zero, replicate };

// The region as [1, size, size, 3], values from `least` to `most`. Bilinear on a grid of 1/32
// pixel, like OpenCV's warpPerspective, so that the networks get the same input as in MediaPipe.
at::Tensor crop(const Picture& picture, const Region& region, std::int64_t size, Border border,
                float least = 0, float most = 1);

}  // namespace minet::vision
