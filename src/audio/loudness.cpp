#include "minet/audio/loudness.hpp"

#include <ebur128.h>

#include <cmath>
#include <memory>

#include "minet/core/errors.hpp"

namespace minet::audio {

std::optional<double> loudness(const Sound& sound) {
  struct Destroy {
    void operator()(ebur128_state* state) const { ebur128_destroy(&state); }
  };
  const std::unique_ptr<ebur128_state, Destroy> state(
      ebur128_init(1, static_cast<unsigned long>(sound.sample_rate), EBUR128_MODE_I));
  if (!state) throw WorkError("loudness: libebur128 has no memory left");
  double lufs = 0;
  if (ebur128_add_frames_float(state.get(), sound.samples.data(), sound.samples.size()) !=
          EBUR128_SUCCESS ||
      ebur128_loudness_global(state.get(), &lufs) != EBUR128_SUCCESS) {
    throw WorkError("loudness: libebur128 could not measure the sound");
  }
  if (!std::isfinite(lufs)) return std::nullopt;
  return lufs;
}

}  // namespace minet::audio
