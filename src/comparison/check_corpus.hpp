// Checks that a corpus holds what the measurements need, before anything is trained for them.
#pragma once

#include "minet/corpus/corpus.hpp"

namespace minet::comparison {

// InputError: no instruments; a split without tracks of at least `clip_seconds`; such a track
// without an instrument; fewer than two instruments in training; no test track (with `notes`, none
// with notes) of an instrument in training; a test track whose group contains all of training.
void check_corpus(const corpus::Corpus& corpus, double clip_seconds, bool notes);

}  // namespace minet::comparison
