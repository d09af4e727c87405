// Shares of answers with their uncertainty.
#pragma once

#include <cstdint>

namespace minet::evaluation {

struct Proportion {
  std::int64_t count = 0, answers = 0;
  double rate() const { return static_cast<double>(count) / static_cast<double>(answers); }
  void add(bool counted) {
    count += counted ? 1 : 0;
    ++answers;
  }
};

struct WilsonInterval {
  double low = 0, high = 1;
};

// Wilson 1927, 95 %: valid also for few answers and for shares near 0 and 1. Without answers:
// 0 to 1.
WilsonInterval wilson(const Proportion& proportion);

}  // namespace minet::evaluation
