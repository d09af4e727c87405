// Whether a corpus holds what the measurements need, asked before anything is trained for them.
#pragma once

#include "minet/corpus/corpus.hpp"

namespace minet::comparison {

// InputError: no instruments; a split without tracks of at least `clip_seconds`; a track of them
// without an instrument; one instrument in training alone; no test track, or with `notes` none with
// notes, of an instrument that training has; a test track whose group is all of training's.
void check_corpus(const corpus::Corpus& corpus, double clip_seconds, bool notes);

}  // namespace minet::comparison
