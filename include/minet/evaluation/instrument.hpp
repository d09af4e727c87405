// Which instrument does the sound resemble? A classifier fitted on real training sound answers for
// every stage: real sound (the noise floor), real magnitudes inverted, reconstruction from codes,
// and generated, beside chance.
#pragma once

#include <cstdint>

#include "minet/evaluation/evaluation.hpp"

namespace minet::evaluation {

struct InstrumentOptions {
  EvalOptions common = {};
  std::int64_t train_clips = 650;  // to fit the classifier, at random places; 0: all of 'train'
  std::int64_t iterations = 16;    // of phase reconstruction
  bool notes = false;              // generate with the tracks' notes, on clips that have them
  bool clips_with_notes = false;   // also without notes, leave out the clips that have none
};

// Keys: accuracy (generated), chance (the share of the most frequent instrument), classes, method
// ("nearest" or "linear"), strength (of the linear one's penalty), train_clips, cross_validation
// (accuracy on training clips of held-out groups); chain, an object of the stages real, inverted,
// reconstruction (if the model has codes) and generated, each with accuracy; confusion, with
// instruments and, by stage, rows (true) of columns (heard); notes_given. Clips of tracks without a
// label, or with one that the training split lacks, are left out. InputError: fewer than two
// instruments; notes for a model that takes none.
EvalResult evaluate_instrument(const InstrumentOptions& options);

}  // namespace minet::evaluation
