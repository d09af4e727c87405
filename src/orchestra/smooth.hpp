#pragma once

#include <algorithm>

namespace minet::orchestra {

// Smoothstep: from 0 to 1 as x goes from 0 to 1, flat at both ends.
inline double smooth(double x) {
  x = std::clamp(x, 0.0, 1.0);
  return x * x * (3 - 2 * x);
}

}  // namespace minet::orchestra
