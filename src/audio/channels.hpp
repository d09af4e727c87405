// Finds channels of opposite polarity, which would cancel when averaged: a plug or a microphone
// wired the wrong way round, or a balanced line recorded as stereo.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace minet::audio {

// Sums over a whole sound, from which the correlations of its channels follow.
class ChannelSums {
 public:
  explicit ChannelSums(int channels);
  void add(std::span<const float> interleaved);
  // 1 or -1 per channel: -1 if its polarity is opposite to that of a louder one, at any gain. DC
  // offsets are ignored.
  std::vector<float> signs() const;

 private:
  std::size_t channels_;
  std::int64_t count_ = 0;
  std::vector<double> sums_, products_;  // [C], [C, C]
};

}  // namespace minet::audio
