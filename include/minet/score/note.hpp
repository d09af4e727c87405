// One played note, and a list of them as read from a file.
#pragma once

#include <string>
#include <vector>

namespace minet::score {

struct Note {
  double onset_s = 0;
  double duration_s = 0;
  int pitch = 0;      // MIDI number, 0..127; 69 = A4 = 440 Hz
  int velocity = 64;  // 1..127
  bool drum = false;  // from MIDI channel 10, where the pitch names a drum and not a tone

  double end_s() const { return onset_s + duration_s; }
  bool operator==(const Note&) const = default;
};

struct NoteList {
  std::vector<Note> notes;           // by onset, then pitch; every duration is above zero
  std::vector<std::string> repairs;  // what was wrong in the file and how it was read; empty: clean
  std::string format;                // "MIDI format 1", "URMP notes", "notes.csv"
};

}  // namespace minet::score
