// Note lists from files: MIDI, URMP's Notes_*.txt, and our own notes.csv. The content decides
// which.
//
// URMP (Li et al., arXiv 1612.08727): a line is onset (s), pitch (Hz) and
// duration (s), split by any white space, no header; blank lines and further columns are skipped.
// notes.csv: a header with onset_s, duration_s and pitch (MIDI number), optionally velocity;
// further columns are skipped. A number that is missing, NaN or no number is an InputError with its
// line.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "minet/score/midi.hpp"
#include "minet/score/note.hpp"

namespace minet::score {

struct ReadNotesOptions {
  bool monophonic = false;  // reduce to one voice, see make_monophonic
  MidiChoice midi = {};     // which part of a MIDI file
  int transpose = 0;        // semitones; InputError where that leaves MIDI's numbers
};

// Sorted notes and what was repaired: notes of zero or negative length or without a pitch dropped,
// notes cut that start before 0 s, pitches rounded.
NoteList read_notes(const std::filesystem::path& path, const ReadNotesOptions& options = {});
NoteList parse_notes(std::string_view bytes, const std::string& name,
                     const ReadNotesOptions& options = {});  // `name` for messages

// One voice, the latest onset wins: of notes with the same onset the highest stays, and a note is
// cut where the next begins (it does not come back). Drums are left out unless there is nothing
// else. How many of each goes to `repairs`, and which parts there were to choose from.
void make_monophonic(NoteList& list);

// Equal temperament, A4 = 440 Hz: round(69 + 12 log2(hz / 440)). Not limited to 0..127.
int pitch_of_hz(double hz);
double hz_of_pitch(int pitch);

// "onset_s,duration_s,pitch" and a line for each note; numbers read back to the same doubles.
std::string notes_csv(std::span<const Note> notes);

}  // namespace minet::score
