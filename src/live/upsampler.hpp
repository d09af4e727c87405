// A whole multiple of a sample rate, for cards that do not play the model's own.
#pragma once

#include <span>
#include <vector>

namespace minet::live {

// A windowed sinc of 2 * kHalf taps a phase: 12 samples late (0.75 ms at 16 kHz), flat to 0.8 of
// half the rate.
class Upsampler {
 public:
  explicit Upsampler(int factor);
  // Until the next call; `factor` samples for each.
  std::span<const float> add(std::span<const float> block);

  static constexpr int kHalf = 12;

 private:
  int factor_;
  std::vector<float> taps_;  // [factor, 2 * kHalf]
  std::vector<float> past_;  // the last 2 * kHalf - 1 samples, then the block
  std::vector<float> out_;
};

}  // namespace minet::live
