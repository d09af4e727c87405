// The controls of a sound, frame by frame: pitch, loudness and note onsets, found in the sound
// alone.
#pragma once

#include <cstdint>
#include <vector>

#include "minet/audio/sound.hpp"

namespace minet::audio {

inline constexpr float kLeastLoudness = -100;  // dB

struct Controls {
  std::vector<float> hz;        // [T], T = samples / hop; 0 = unvoiced (pitch.hpp)
  std::vector<float> loudness;  // [T], dB of full scale, A-weighted (IEC 61672-1), from 64 ms
  std::vector<double> onsets;   // s, rising (onsets.hpp)
};

// Frame t is centred on sample t * hop.
Controls find_controls(const Sound& sound, std::int64_t hop);

// Gives unvoiced frames the pitch of the last voiced one before them, or else of the first after.
void hold_pitch(std::vector<float>& hz);

}  // namespace minet::audio
