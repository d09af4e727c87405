// What a single code sounds like: the decoder's output for that code, held.
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
  double hz = 0;                   // the pitch that minet's tracker finds; 0: none
};

// Loudness and brightness are comparable between the codes: if one would clip, all are made
// quieter, and the images share their reference. Shows progress; can be interrupted.
std::vector<HeldCode> hold_codes(Scene& scene, const std::vector<std::int64_t>& codes);

}  // namespace minet::evaluation
