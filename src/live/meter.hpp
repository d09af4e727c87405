// The measurements of a session.
#pragma once

#include <cstdint>
#include <vector>

#include "minet/live/play.hpp"

namespace minet::live {

class Meter {
 public:
  void heard(double latency_s);  // for one frame
  // All since the start or the last `restart`.
  void fill(PlayReport& report) const;
  void restart();

 private:
  // A histogram with steps of half a millisecond: an hour of playing takes no more than a minute.
  static constexpr double kStep = 0.0005;
  static constexpr std::size_t kSteps = 4000;  // 2 s; longer ones are in the last step
  double part(double share) const;

  std::vector<std::int64_t> counts_ = std::vector<std::int64_t>(kSteps, 0);
  std::int64_t all_ = 0;
  double longest_s_ = 0;
};

}  // namespace minet::live
