#include "live/upsampler.hpp"

#include <cmath>
#include <numbers>

namespace minet::live {

Upsampler::Upsampler(int factor) : factor_(factor), past_(2 * kHalf - 1, 0.0F) {
  for (int phase = 0; phase < factor; ++phase) {
    double sum = 0;
    std::vector<double> taps;
    for (int tap = 0; tap < 2 * kHalf; ++tap) {
      // Where the tap's sample is, relative to the output sample, in input samples.
      const double at = static_cast<double>(tap - (kHalf - 1)) -
                        static_cast<double>(phase) / static_cast<double>(factor);
      const double angle = std::numbers::pi * at;
      const double sinc = std::abs(at) < 1e-9 ? 1 : std::sin(angle) / angle;
      const double window = 0.5 + 0.5 * std::cos(angle / kHalf);  // Hann
      taps.push_back(std::abs(at) < kHalf ? sinc * window : 0);
      sum += taps.back();
    }
    for (const double tap : taps) taps_.push_back(static_cast<float>(tap / sum));
  }
}

std::span<const float> Upsampler::add(std::span<const float> block) {
  if (factor_ == 1) {
    out_.assign(block.begin(), block.end());
    return out_;
  }
  past_.insert(past_.end(), block.begin(), block.end());
  out_.clear();
  for (std::size_t i = 0; i < block.size(); ++i) {
    for (int phase = 0; phase < factor_; ++phase) {
      const float* const taps = taps_.data() + static_cast<std::size_t>(phase) * 2 * kHalf;
      float sum = 0;
      for (std::size_t tap = 0; tap < 2 * kHalf; ++tap) sum += taps[tap] * past_[i + tap];
      out_.push_back(sum);
    }
  }
  past_.erase(past_.begin(), past_.end() - (2 * kHalf - 1));
  return out_;
}

}  // namespace minet::live
