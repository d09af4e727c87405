// What a code sounds like alone: the decoder on that code held.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "evaluation/scene.hpp"
#include "minet/audio/sound.hpp"

namespace minet::evaluation {

struct HeldCode {
  audio::Sound sound;              // 0.8 s, faded in and out
  std::vector<std::byte> picture;  // PNG, 0 to 4 kHz, 70 dB
  double hz = 0;                   // the pitch that our tracker hears; 0: none
};

// Loudness and brightness are comparable between the codes: what would clip makes all quieter, and
// the pictures share their reference. With progress; honours a stop.
std::vector<HeldCode> hold_codes(Scene& scene, const std::vector<std::int64_t>& codes);

}  // namespace minet::evaluation
