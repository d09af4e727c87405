// Checks that a corpus holds what the measurements need, before anything is trained for them.
#pragma once

#include <cstdint>

#include "minet/config/train_config.hpp"
#include "minet/corpus/corpus.hpp"

namespace minet::comparison {

// InputError: no instruments; a split without tracks of at least `clip_seconds`; such a track
// without an instrument; fewer than two instruments in training; no test track (with `notes`, none
// with notes) of an instrument in training; a test track whose group contains all of training.
void check_corpus(const corpus::Corpus& corpus, double clip_seconds, bool notes);

struct ChosenClips {
  std::int64_t clips = 0;  // of split 'test'; 0: all
  bool notes = true;
};
// InputError if the chosen clips lack what a table needs, which more clips would have: clips of two
// tracks with notes, one of an instrument that training has. `corpus` has passed check_corpus().
void check_clips(const corpus::Corpus& corpus, const config::TrainConfig& config,
                 const ChosenClips& chosen);

// Tracks of split 'test' with notes that are long enough for a clip.
std::int64_t noted_test_tracks(const corpus::Corpus& corpus, double clip_seconds);

}  // namespace minet::comparison
