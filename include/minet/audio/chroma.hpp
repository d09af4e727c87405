// The strength of the twelve pitch classes, frame by frame.
//
// Harmonic pitch class profile in its plain form (Gomez 2006, doi:10.1287/ijoc.1040.0126): the
// local peaks of each frame's spectrum, at frequencies interpolated between bins, add their energy
// to pitch classes under a raised cosine 4/3 semitones wide. Left out: the weighting of harmonics.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "minet/audio/sound.hpp"

namespace minet::audio {

using Chroma = std::array<float, 12>;  // from C; sums to 1, or all 0 in a frame without peaks

// [samples / hop + 1]; frame t is centred on sample t * hop.
std::vector<Chroma> chroma(const Sound& sound, std::int64_t hop = 256);

}  // namespace minet::audio
