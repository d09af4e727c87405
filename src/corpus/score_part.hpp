// One player's voice out of a score that holds a whole piece.
#pragma once

#include <filesystem>

#include "corpus/build.hpp"
#include "minet/score/note.hpp"

namespace minet::corpus {

// URMP's Sco_*.mid: a MIDI track for each part, in part order; tracks without notes are not
// counted. A file of one track is divided by channels, in rising order. InputError where neither
// gives as many voices as there are parts. Tempo changes count wherever they stand.
score::NoteList read_score_part(const std::filesystem::path& path, const ScorePart& part);

}  // namespace minet::corpus
