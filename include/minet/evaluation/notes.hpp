// Does the generated sound play the notes? Pitch, onsets and chroma of the sound against the
// track's notes, stage by stage: real sound, real magnitudes inverted, reconstruction from codes,
// generated; beside chance, the notes of another track.
#pragma once

#include <cstdint>

#include "minet/evaluation/evaluation.hpp"

namespace minet::evaluation {

struct NotesOptions {
  EvalOptions common = {};
  std::int64_t iterations = 16;  // of phase reconstruction
};

// Keys: pitch_accuracy, pitch_recall, onset_f1, chroma_distance (definitions:
// src/evaluation/note_scores.hpp) of the generated sound, frames (inside notes) and onsets; chain,
// an object of the stages real, inverted, reconstruction (where the model has codes) and generated,
// each with these figures and, under chance, the same against another track's notes; notes_given,
// whether the model was told the notes (a model with content is; one without plays from the body
// alone). Clips of tracks without notes are left out. InputError: fewer than two tracks with notes.
EvalResult evaluate_notes(const NotesOptions& options);

}  // namespace minet::evaluation
