// Smoothing of points over time, as in MediaPipe.
#pragma once

#include <cmath>
#include <numbers>
#include <optional>

namespace minet::vision {

class LowPass {
 public:
  double operator()(double value, double alpha) {
    state_ = state_ ? alpha * value + (1 - alpha) * *state_ : value;
    return *state_;
  }

 private:
  std::optional<double> state_;
};

// G. Casiez et al., "1 Euro Filter", CHI 2012: the faster the movement, the less smoothing.
class OneEuro {
 public:
  OneEuro(double least_cutoff, double beta) : least_cutoff_(least_cutoff), beta_(beta) {}

  // `step_s`: time since the last value. `scale`: divides speeds, so that they mean the same for a
  // player near and far.
  double operator()(double value, double step_s, double scale) {
    const double speed = last_ ? (value - *last_) / (scale * step_s) : 0;
    const double cutoff = least_cutoff_ + beta_ * std::abs(speed_(speed, alpha(1, step_s)));
    last_ = value;
    return value_(value, alpha(cutoff, step_s));
  }

 private:
  static double alpha(double cutoff, double step_s) {
    return 1 / (1 + 1 / (2 * std::numbers::pi * cutoff * step_s));
  }
  double least_cutoff_, beta_;
  LowPass value_, speed_;
  std::optional<double> last_;
};

}  // namespace minet::vision
