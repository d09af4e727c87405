// The pairs of a listening test: which clips, and their sounds made alike in all but what is
// judged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "evaluation/scene.hpp"
#include "minet/audio/sound.hpp"
#include "minet/listening/listening.hpp"

namespace minet::listening {

struct ListeningClip {
  clips::Clip clip;        // of the scene's tracks
  std::string instrument;  // may be empty
  bool catch_trial = false;
};

// `options.pairs` clips dealt evenly over the instruments of the split, spread over their tracks,
// none of them silent; then the catch trials, over instruments too. At random places.
std::vector<ListeningClip> choose_listening_clips(const evaluation::Scene& scene,
                                                  const ListeningOptions& options);

// A short fade at both ends, so that a cut through a note tells nothing.
void fade(audio::Sound& sound);

// Both to -23 LUFS (EBU R 128), or as near as neither clips: the quieter target then is for both.
void match_loudness(audio::Sound& one, audio::Sound& other);

// Noise with the loudness contour of `sound`: the false half of a catch trial.
audio::Sound noise_like(const audio::Sound& sound, std::uint64_t seed);

}  // namespace minet::listening
