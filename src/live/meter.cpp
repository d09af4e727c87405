#include "live/meter.hpp"

#include <algorithm>
#include <cmath>

namespace minet::live {

void Meter::heard(double latency_s) {
  const double step = std::clamp(latency_s / kStep, 0.0, static_cast<double>(kSteps - 1));
  ++counts_[static_cast<std::size_t>(step)];
  ++all_;
  longest_s_ = std::max(longest_s_, latency_s);
}

double Meter::part(double share) const {
  const auto wanted = static_cast<std::int64_t>(std::ceil(share * static_cast<double>(all_)));
  std::int64_t passed = 0;
  for (std::size_t step = 0; step < kSteps; ++step) {
    passed += counts_[step];
    if (passed >= wanted) return (static_cast<double>(step) + 0.5) * kStep;
  }
  return longest_s_;
}

void Meter::fill(PlayReport& report) const {
  report.used = all_;
  if (all_ == 0) return;
  report.median_s = part(0.5);
  report.most_s = part(0.95);
  report.longest_s = longest_s_;
}

void Meter::restart() {
  *this = Meter();
}

}  // namespace minet::live
