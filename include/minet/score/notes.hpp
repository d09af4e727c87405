// Note lists from files: MIDI, URMP's Notes_*.txt, and our own notes.csv, recognised by their
// content.
//
// URMP (Li et al., arXiv 1612.08727): each line has onset (s), pitch (Hz) and duration (s),
// separated by any white space, without a header; blank lines and further columns are skipped.
// notes.csv: a header with onset_s, duration_s and pitch (MIDI number), optionally velocity;
// further columns are skipped. A number that is missing, NaN or malformed is an InputError with its
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
  int transpose = 0;        // semitones, not of drums beside other notes; InputError if that leaves
                            // the MIDI range
};

// Sorted notes, and the repairs: notes of zero or negative length or without a pitch are dropped,
// notes that start before 0 s are cut, pitches are rounded.
NoteList read_notes(const std::filesystem::path& path, const ReadNotesOptions& options = {});
NoteList parse_notes(std::string_view bytes, const std::string& name,
                     const ReadNotesOptions& options = {});  // `name` for messages

// Leaves drums out unless there is nothing else: then they are taken as pitches. `repairs` says so.
void leave_out_drums(NoteList& list);

// Reduces to one voice, the latest onset wins: of notes with the same onset the highest stays, and
// a note is cut where the next begins (it does not resume). Drums are left out as above. `repairs`
// gets the number of each, and the parts there were to choose from.
void make_monophonic(NoteList& list);

// Equal temperament, A4 = 440 Hz: round(69 + 12 log2(hz / 440)). Not limited to 0..127.
int pitch_of_hz(double hz);
double hz_of_pitch(int pitch);

// "onset_s,duration_s,pitch" and a line for each note; numbers read back to the same doubles.
std::string notes_csv(std::span<const Note> notes);

}  // namespace minet::score
