// Extracts one player's voice from the score of a whole piece.
#pragma once

#include <filesystem>

#include "corpus/build.hpp"
#include "minet/score/note.hpp"

namespace minet::corpus {

// URMP's Sco_*.mid: one MIDI track per part, in part order; tracks without notes are not counted. A
// file with one track is divided by channels, in increasing order. InputError if neither gives as
// many voices as there are parts. Tempo changes in any track apply.
score::NoteList read_score_part(const std::filesystem::path& path, const ScorePart& part);

}  // namespace minet::corpus
