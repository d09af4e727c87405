// One played note, and a list of them as read from a file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace minet::score {

struct Note {
  double onset_s = 0;
  double duration_s = 0;
  int pitch = 0;      // MIDI number, 0..127; 69 = A4 = 440 Hz
  int velocity = 64;  // 1..127
  bool drum = false;  // from MIDI channel 10, where the pitch selects a drum, not a tone

  double end_s() const { return onset_s + duration_s; }
  bool operator==(const Note&) const = default;
};

// The notes of one channel of one track of a MIDI file.
struct ScorePart {
  int track = 0, channel = 0;  // counted from 1
  std::string name;            // the track's, if it has one
  std::int64_t notes = 0;
};

struct NoteList {
  std::vector<Note> notes;           // by onset, then pitch; every duration is above zero
  std::vector<std::string> repairs;  // what was wrong in the file and how it was read; empty: none
  std::vector<ScorePart> parts;      // of a MIDI file, if chosen
  std::string format;                // "MIDI format 1", "URMP notes", "notes.csv"
};

}  // namespace minet::score
