#include "evaluation/statistics/proportion.hpp"

#include <algorithm>
#include <cmath>

namespace minet::evaluation {

WilsonInterval wilson(const Proportion& proportion) {
  if (proportion.answers == 0) return {};
  constexpr double kZ = 1.959963984540054;  // the normal distribution's 97.5 % point
  const auto n = static_cast<double>(proportion.answers);
  const double p = proportion.rate(), shrink = 1 + kZ * kZ / n;
  const double middle = (p + kZ * kZ / (2 * n)) / shrink;
  const double half = kZ * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n)) / shrink;
  // Exactly 0 and 1 at the ends, where rounding would leave a small difference.
  return {.low = proportion.count == 0 ? 0 : std::max(0.0, middle - half),
          .high = proportion.count == proportion.answers ? 1 : std::min(1.0, middle + half)};
}

}  // namespace minet::evaluation
