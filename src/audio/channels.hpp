// Channels that would cancel in their average: a plug or a microphone wired the wrong way round, or
// a balanced line recorded as stereo.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace minet::audio {

// Sums over a whole sound, from which the channels' correlations follow.
class ChannelSums {
 public:
  explicit ChannelSums(int channels);
  void add(std::span<const float> interleaved);
  // 1 or -1 a channel: -1 where it is the opposite of a louder one, at any gain. Offsets do not
  // count.
  std::vector<float> signs() const;

 private:
  std::size_t channels_;
  std::int64_t count_ = 0;
  std::vector<double> sums_, products_;  // [C], [C, C]
};

}  // namespace minet::audio
