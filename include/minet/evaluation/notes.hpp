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
  // Held notes are also measured in the first whole_seconds of each whole track, played from the
  // keypoints alone, because a clip cuts longer notes. 0: off.
  double whole_seconds = 20;
};

// Keys:
//   pitch_accuracy, pitch_recall, onset_f1, chroma_distance, pitch_class_recall, jitter_cents,
//   rests_played      (definitions: src/evaluation/note_scores.hpp) of the generated sound
//   frames, onsets    number of frames inside notes; number of onsets of notes
//   notes_given       whether the model was given the notes: one that was trained with notes is,
//                     any other plays from the body alone
//   keypoints_alone   the same results for what is played without notes, and under chance the same
//                     against another track's notes: what another player's movements reach
//   worst_instrument  instrument and pitch_recall (generated), if the corpus has labels
//   chain             an object of the stages real, inverted, reconstruction (if the model has
//                     codes), generated and, if notes were given, keypoints_alone. Each has the
//                     results and, under chance, the same against another track's notes;
//                     near_onsets, later, by_octave (C4 begins at middle C): frames,
//                     pitch_accuracy, pitch_recall; by_instrument: the results, clips, frames,
//                     onsets; held (definition: src/evaluation/held_notes.hpp): notes, median_s,
//                     p90_s, longest_s, cut at the clips' ends; codes, for models that have them:
//                     repeat_share, the share that repeats the one before, and most_repeated
//   whole_tracks      tracks, seconds; held notes under real and keypoints_alone
// Clips of tracks without notes are left out. InputError: fewer than two tracks with notes.
EvalResult evaluate_notes(const NotesOptions& options);

}  // namespace minet::evaluation
