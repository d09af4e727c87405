// Where notes begin.
//
// Novelty is SuperFlux (Boeck and Widmer, DAFx 2013): the rise of a log-magnitude spectrogram of
// quarter-tone bands against the largest of three neighbouring bands two frames before, so that a
// vibrato is no onset. Bound notes, which hardly rise, are found by their pitch: a step of the
// pitch track (pitch.hpp) between two steady stretches is an onset where no flux was found.
// Left out: onsets in the first 50 ms and the last 30, where a cut of the recording looks like one.
#pragma once

#include <vector>

#include "minet/audio/pitch.hpp"
#include "minet/audio/sound.hpp"

namespace minet::audio {

struct OnsetOptions {
  double threshold = 0.15;      // how far a peak rises over its surroundings, of the largest peak
  double shortest_s = 0.06;     // between two onsets
  double step_semitones = 0.7;  // least change of pitch that is a new note
};

// Seconds, rising. `pitch` is the track of this sound; an empty one switches the steps off.
std::vector<double> find_onsets(const Sound& sound, const PitchTrack& pitch,
                                const OnsetOptions& options = {});

}  // namespace minet::audio
