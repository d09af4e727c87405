// How long notes are held in a sound, regardless of any notes requested.
//
// A held note is a run of frames with a pitch (audio/pitch.hpp, one every 16 ms), each within 70
// cents of the mean of the run's previous frames: vibrato does not end a note, a step of a
// semitone does, and so does a frame without a pitch. Runs of less than 50 ms (a slide between two
// notes, a glitch of the tracker) do not count. A note struck again without a gap is one note.
#pragma once

#include <cstdint>
#include <vector>

#include "minet/audio/pitch.hpp"

namespace minet::evaluation {

// The length of each held note in seconds, in order.
std::vector<double> held_notes(const audio::PitchTrack& pitch);

struct HeldNotes {
  std::int64_t count = 0;
  double median_s = 0, p90_s = 0, longest_s = 0;  // 0 if there are none
};
HeldNotes summarise_held(std::vector<double> seconds);

}  // namespace minet::evaluation
