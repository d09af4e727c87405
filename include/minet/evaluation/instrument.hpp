// Which instrument does it sound like? A classifier of real training sound says so for every stage:
// real sound (the floor), real magnitudes inverted, reconstruction from codes, generated; beside
// chance.
#pragma once

#include <cstdint>

#include "minet/evaluation/evaluation.hpp"

namespace minet::evaluation {

struct InstrumentOptions {
  EvalOptions common = {};
  std::int64_t train_clips = 650;  // that fit the classifier, at random places; 0: all of 'train'
  std::int64_t iterations = 16;    // of phase reconstruction
  bool notes = false;              // generate with the tracks' notes, on clips that have them
};

// Keys: accuracy (generated), chance (the share of the most frequent instrument), classes, method
// ("nearest" or "linear"), strength (of the linear one's penalty), train_clips, cross_validation
// (accuracy on training clips of groups that were left out); chain, an object of the stages real,
// inverted, reconstruction (where the model has codes) and generated, each with accuracy;
// confusion, with instruments and, by stage, rows (true) of columns (heard). Clips of tracks
// without a label or with one that training lacks are left out; notes_given. InputError: fewer than
// two instruments; notes for a model that takes none.
EvalResult evaluate_instrument(const InstrumentOptions& options);

}  // namespace minet::evaluation
