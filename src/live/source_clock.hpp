// Converts a source's time stamps to our clock.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>

namespace minet::live {

// The offset of the source's clock is the least delay of any frame so far. One that arrives later
// than that was delayed on its way, so its time stamp tells better when it was seen.
class SourceClock {
 public:
  // Never later than `arrived_s`.
  double time_of(std::optional<double> stamp_s, double arrived_s) {
    if (!stamp_s) return arrived_s;
    const double offset = arrived_s - *stamp_s;
    const bool another = !offset_ || *stamp_s < last_ || std::abs(offset - *offset_) > kMostDelay;
    offset_ = another ? offset : std::min(*offset_ + kDrift, offset);
    last_ = *stamp_s;
    return *stamp_s + *offset_;
  }

 private:
  static constexpr double kMostDelay = 1;  // s: more means a different clock, or milliseconds
  static constexpr double kDrift = 1e-4;   // s per frame: clocks differ in speed
  std::optional<double> offset_;
  double last_ = 0;
};

}  // namespace minet::live
