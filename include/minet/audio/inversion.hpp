// Phase reconstruction: finds a sound whose STFT has the given magnitudes.
//
// The first guess comes from the magnitudes' slopes (src/audio/phase_gradient.hpp). Iterations of
// Griffin and Lim 1984 (momentum 0) or its fast form (Perraudin, Balazs and Soendergaard 2013)
// refine it with librosa.griffinlim's update: rebuilt - momentum / (1 + momentum) * previously
// rebuilt. Each analyses, corrects and synthesises the frames in one sweep, in blocks that do not
// depend on the number of threads, so neither does the result. All iterations run concurrently,
// each a little behind the one before, so that memory does not grow with the length.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "minet/audio/sound.hpp"
#include "minet/audio/spectrogram.hpp"

namespace minet::audio {

enum class PhaseStart {
  gradient,  // phase gradient heap integration: close from the start (src/audio/phase_gradient.hpp)
  random,    // as in Griffin and Lim
};

struct InversionOptions {
  PhaseStart start = PhaseStart::gradient;
  std::int64_t iterations = 16;  // as good as 100 from random phases
  double momentum = 0.99;        // 0: plain Griffin-Lim; below 1
  std::uint64_t seed = 0;        // of the initial random phases
  int threads = 1;
  std::int64_t samples = 0;  // length of the sound; 0: frames * hop
};

// Missing bins (the dropped Nyquist) count as 0. InputError if the shape does not match the
// configuration, a magnitude is negative or not a number, or an option is out of range;
// Interrupted if a stop is requested.
Sound invert(const Spectrogram& linear_magnitude, const config::SpectrogramConfig& config,
             const InversionOptions& options = {});

// Writes the next `frames` frames of magnitudes, [frames, bins] of the configuration, to `into`.
using MagnitudeSource = std::function<void(std::int64_t frames, float* into)>;
// Receives the next samples, in order.
using SoundSink = std::function<void(std::span<const float> samples)>;

// The same for a sound of any length that need not be in memory: `source` is asked for each of the
// `frames` frames once, and `sink` gets each sample once, both in the calling thread, alternately.
// With 16 iterations and the presets' shape, about 40 MB are held.
void invert_in_passing(std::int64_t frames, const MagnitudeSource& source, const SoundSink& sink,
                       const config::SpectrogramConfig& config,
                       const InversionOptions& options = {});

}  // namespace minet::audio
