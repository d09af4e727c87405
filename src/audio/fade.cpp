#include <algorithm>
#include <cmath>
#include <numbers>

#include "minet/audio/sound.hpp"

namespace minet::audio {

void fade_ends(Sound& sound, double seconds) {
  const auto length =
      std::min(sound.samples.size() / 2, static_cast<std::size_t>(seconds * sound.sample_rate));
  for (std::size_t i = 0; i < length; ++i) {
    const auto gain =
        static_cast<float>(0.5 - 0.5 * std::cos(std::numbers::pi * static_cast<double>(i) /
                                                static_cast<double>(length)));
    sound.samples[i] *= gain;
    sound.samples[sound.samples.size() - 1 - i] *= gain;
  }
}

}  // namespace minet::audio
