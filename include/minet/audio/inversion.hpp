// Phase reconstruction: a sound whose STFT has given magnitudes.
//
// A first guess from the magnitudes' own slopes (src/audio/phase_gradient.hpp), then rounds of
// Griffin and Lim 1984 (momentum 0) or its fast form, Perraudin, Balazs and Soendergaard 2013,
// with the update of librosa.griffinlim: rebuilt - momentum / (1 + momentum) * previously rebuilt.
// The frames of an iteration are analysed, corrected and synthesised in one sweep, in blocks that
// do not depend on the number of threads, so neither does the result.
#pragma once

#include <cstdint>

#include "minet/audio/sound.hpp"
#include "minet/audio/spectrogram.hpp"

namespace minet::audio {

enum class PhaseStart {
  gradient,  // phase gradient heap integration: near from the start (src/audio/phase_gradient.hpp)
  random,    // as Griffin and Lim
};

struct InversionOptions {
  PhaseStart start = PhaseStart::gradient;
  std::int64_t iterations = 16;  // from the gradient as near as 100 from chance
  double momentum = 0.99;        // 0: plain Griffin-Lim; below 1
  std::uint64_t seed = 0;        // of the random phases at the start
  int threads = 1;
  std::int64_t samples = 0;  // length of the sound; 0: frames * hop
};

// Missing bins (the dropped Nyquist) count as 0. InputError if the shape is not the
// configuration's, a magnitude is negative or not a number, or an option is out of range.
Sound invert(const Spectrogram& linear_magnitude, const config::SpectrogramConfig& config,
             const InversionOptions& options = {});

}  // namespace minet::audio
