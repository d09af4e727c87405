// Does the body vector h reveal the instrument, of which the model is never told (paper section 4)?
// The instrument of a held-out clip is predicted as that of the training clip whose h is nearest by
// cosine (1-NN).
//
// Reported beside it: the same with statistics of the keypoints themselves (mean and standard
// deviation of each coordinate over the clip, standardised over the training clips), and chance. A
// training clip of the same group (take, composition) as the judged one is never a neighbour: with
// --split train each group is judged by the others.
#pragma once

#include <cstdint>

#include "minet/evaluation/evaluation.hpp"

namespace minet::evaluation {

struct KnnOptions {
  EvalOptions common = {.clips = 0};
  std::int64_t train_clips = 0;  // neighbours, at random places; 0: all, end to end
  std::int64_t rounds = 1000;    // of the bootstrap over tracks
};

// Keys: accuracy, accuracy_interval (95 %, resampling tracks; null for one track),
// raw_pose_accuracy, raw_pose_accuracy_interval, gain_interval (accuracy minus raw_pose_accuracy),
// chance (1 / instruments), most_frequent (always guessing the most common of the split), clips,
// train_clips, instruments (names, in order), confusion and raw_pose_confusion ([true][guessed]
// counts in that order), recall (by instrument), neighbours_left_out (pairs of clips of one group).
// InputError: clips without a label in the corpus, no training clip of a different group.
EvalResult evaluate_knn(const KnnOptions& options);

}  // namespace minet::evaluation
