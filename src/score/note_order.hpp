// The one order of notes: by onset, then pitch, then duration.
#pragma once

#include <algorithm>
#include <tuple>
#include <vector>

#include "minet/score/note.hpp"

namespace minet::score {

inline bool note_before(const Note& a, const Note& b) {
  return std::tie(a.onset_s, a.pitch, a.duration_s) < std::tie(b.onset_s, b.pitch, b.duration_s);
}

inline void sort_notes(std::vector<Note>& notes) {
  std::stable_sort(notes.begin(), notes.end(), note_before);
}

}  // namespace minet::score
