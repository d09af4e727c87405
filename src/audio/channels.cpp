#include "audio/channels.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace minet::audio {
namespace {

// Two recordings of one sound with opposite polarity have a correlation near -1, two instruments
// near 0; that of spaced microphones is rarely below -0.3.
constexpr double kOpposite = -0.5;

}  // namespace

ChannelSums::ChannelSums(int channels)
    : channels_(static_cast<std::size_t>(channels)),
      sums_(channels_),
      products_(channels_ * channels_) {}

void ChannelSums::add(std::span<const float> interleaved) {
  for (std::size_t at = 0; at + channels_ <= interleaved.size(); at += channels_) {
    const float* frame = interleaved.data() + at;
    for (std::size_t a = 0; a < channels_; ++a) {
      sums_[a] += static_cast<double>(frame[a]);
      for (std::size_t b = 0; b <= a; ++b) {
        products_[a * channels_ + b] +=
            static_cast<double>(frame[a]) * static_cast<double>(frame[b]);
      }
    }
    ++count_;
  }
}

std::vector<float> ChannelSums::signs() const {
  std::vector<float> signs(channels_, 1.0F);
  const auto covariance = [&](std::size_t a, std::size_t b) {
    const double product = products_[std::max(a, b) * channels_ + std::min(a, b)];
    return product - sums_[a] * sums_[b] / static_cast<double>(std::max<std::int64_t>(1, count_));
  };
  std::vector<std::size_t> order(channels_);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return covariance(a, a) > covariance(b, b);
  });
  for (std::size_t i = 1; i < channels_; ++i) {
    const std::size_t own = order[i];
    double strongest = 0;  // strongest correlation with a louder channel, after its sign
    for (std::size_t j = 0; j < i; ++j) {
      const std::size_t other = order[j];
      const double power = std::sqrt(covariance(own, own) * covariance(other, other));
      const double correlation =
          power > 0 ? covariance(own, other) / power * static_cast<double>(signs[other]) : 0;
      if (std::abs(correlation) > std::abs(strongest)) strongest = correlation;
    }
    if (strongest < kOpposite) signs[own] = -1.0F;
  }
  return signs;
}

}  // namespace minet::audio
