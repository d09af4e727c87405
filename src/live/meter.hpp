// What a session measures of itself.
#pragma once

#include <cstdint>
#include <vector>

#include "minet/live/play.hpp"

namespace minet::live {

class Meter {
 public:
  void heard(double latency_s);  // of one picture
  // All so far, or since the last call.
  void fill(PlayReport& report) const;
  void restart();

 private:
  // A count for each half of a millisecond: an hour of playing is as small as a minute.
  static constexpr double kStep = 0.0005;
  static constexpr std::size_t kSteps = 4000;  // 2 s; longer ones are the last
  double part(double share) const;

  std::vector<std::int64_t> counts_ = std::vector<std::int64_t>(kSteps, 0);
  std::int64_t all_ = 0;
  double longest_s_ = 0;
};

}  // namespace minet::live
