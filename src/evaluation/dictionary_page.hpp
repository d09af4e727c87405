// The sound dictionary of codes: index.html, a single file that works from disk, and the tables
// beside it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace minet::evaluation {

struct DictionaryEntry {
  std::int64_t code = 0;
  std::int64_t count = 0;                      // frames in the measured clips
  double share = 0;                            // count / all their frames
  double train_share = 0;                      // the same for training clips
  double hold_s = 0;                           // mean length of a run
  std::vector<std::int64_t> notes = {};        // frames by MIDI number; empty: none in this corpus
  std::vector<std::int64_t> instruments = {};  // frames by Dictionary::instruments
  double hz = 0;                               // pitch of the held code; 0: none
  std::vector<std::byte> picture = {};         // PNG
  std::string wav = {};                        // the file's content
};

struct Dictionary {
  std::string headline;
  std::vector<std::string> facts;
  std::vector<std::vector<std::string>> usage = {},
                                        meaning = {};  // tables; the latter may be empty
  std::string usage_svg = {};                          // may be empty
  std::vector<std::string> instruments = {};           // names
  std::vector<DictionaryEntry> entries = {};           // most used first
};

std::string dictionary_page(const Dictionary& dictionary);
std::string codes_csv(const Dictionary& dictionary);
std::string notes_csv(const Dictionary& dictionary);        // code, pitch, note, share
std::string instruments_csv(const Dictionary& dictionary);  // code, instrument, share

// "C4" for MIDI number 60, "F#2" for 42; sharps only.
std::string note_name(int pitch);

// The mean and the most common MIDI number over the frames with a note.
struct NoteSummary {
  std::int64_t frames = 0;
  double mean = 0;
  int commonest = 0;
  double commonest_share = 0;
};
NoteSummary summarise(const std::vector<std::int64_t>& notes);

}  // namespace minet::evaluation
