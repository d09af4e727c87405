// Note onset detection.
//
// The novelty function is SuperFlux (Boeck and Widmer, DAFx 2013): the rise of a log-magnitude
// spectrogram in quarter-tone bands over the maximum of three neighbouring bands two frames
// earlier, so that vibrato causes no onsets. Slurred notes, which hardly rise, are found by pitch:
// a step of the pitch track (pitch.hpp) between two steady stretches is an onset if there is no
// other nearby. Windows are made for 16 kHz. Left out: flux onsets in the first and last 50 ms (at
// 16 kHz), where a cut looks like one.
#pragma once

#include <vector>

#include "minet/audio/pitch.hpp"
#include "minet/audio/sound.hpp"

namespace minet::audio {

struct OnsetOptions {
  double threshold = 0.15;      // height of a peak over its surroundings, relative to the largest
  double shortest_s = 0.06;     // least time between two onsets
  double step_semitones = 0.7;  // smallest change of pitch that is a new note
};

// Seconds, increasing. `pitch` is the track of this sound; if empty, pitch steps are not used.
std::vector<double> find_onsets(const Sound& sound, const PitchTrack& pitch,
                                const OnsetOptions& options = {});

}  // namespace minet::audio
