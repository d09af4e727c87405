// Measures with which temperature and top_p a model samples best, for the generation section of its
// config.yaml. To be run on validation players that are in neither the training nor the test data.
#pragma once

#include <cstdint>
#include <vector>

#include "minet/evaluation/evaluation.hpp"

namespace minet::evaluation {

// With fewer clips, nothing is recommended: their jackknife is too coarse.
inline constexpr std::int64_t kFewestSearchClips = 10;

struct SamplingSearchOptions {
  EvalOptions common = {.clips = 39};  // `sampling` is not used
  std::vector<double> temperatures = {0.6, 0.7, 0.8, 0.9, 1};
  std::vector<double> top_ps = {1, 0.95, 0.9};
  std::int64_t train_clips = 650;  // to fit the instrument classifier
  std::int64_t iterations = 16;    // of phase reconstruction
};

// Each pair of a temperature and a top_p plays the same clips, from keypoints alone and, if the
// model takes notes, with notes. The score of a pair is the mean of
//   from keypoints alone  instrument (share of clips classified correctly), onset_f1, and the
//                         ratio of the median lengths of held notes, generated and real, the
//                         smaller over the larger
//   with notes            instrument, pitch_recall, onset_f1
// (definitions: note_scores.hpp, held_notes.hpp, instrument.hpp). The best pair replaces the
// model's own only if its score is higher by more than three standard errors of the difference
// (jackknife over clips, at least kFewestSearchClips).
// Keys: train_clips; real: held_median_s, repeat_share; keypoints_alone and with_notes, each with
// trials (temperature, top_p, score, instrument, pitch_recall, onset_f1, held_median_s,
// held_longest_s, repeat_share if the model has codes), own and best (indices of trials),
// gain and gain_standard_error (best over own; null for a single clip), replace; generation, the
// settings to keep; yaml, the same as text. InputError: as for the metrics notes and instrument; a
// model without sampling.
EvalResult search_sampling(const SamplingSearchOptions& options);

}  // namespace minet::evaluation
