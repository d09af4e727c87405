// Raises a sample rate by a whole factor, for cards that do not support the model's own.
#pragma once

#include <span>
#include <vector>

namespace minet::live {

// A windowed sinc with 2 * kHalf taps per phase: delays by 12 samples (0.75 ms at 16 kHz), flat up
// to 0.8 of half the rate.
class Upsampler {
 public:
  explicit Upsampler(int factor);
  // `factor` samples for each one of `block`; valid until the next call.
  std::span<const float> add(std::span<const float> block);

  static constexpr int kHalf = 12;

 private:
  int factor_;
  std::vector<float> taps_;  // [factor, 2 * kHalf]
  std::vector<float> past_;  // the last 2 * kHalf - 1 samples, then the block
  std::vector<float> out_;
};

}  // namespace minet::live
