// The pairs of a listening test: choice of clips, and processing that makes their sounds alike in
// all but what is judged.
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

// `options.pairs` clips, spread evenly over the instruments of the split and over their tracks,
// none of them silent; then the catch trials, also over instruments. At random positions.
std::vector<ListeningClip> choose_listening_clips(const evaluation::Scene& scene,
                                                  const ListeningOptions& options);

inline constexpr double kFade = 0.02;  // s, at both ends: a cut through a note reveals nothing

// Brings both to -23 LUFS (EBU R 128); if either would clip, both are lowered by the same factor.
void match_loudness(audio::Sound& one, audio::Sound& other);

// Noise with the loudness contour of `sound`: the generated half of a catch trial.
audio::Sound noise_like(const audio::Sound& sound, std::uint64_t seed);

}  // namespace minet::listening
