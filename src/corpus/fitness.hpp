// Judges whether a corpus is fit for training: amounts, one-sided instruments, missing parts.
#pragma once

#include <string>
#include <vector>

#include "corpus/index.hpp"

namespace minet::corpus {

// Results of the pass over a track's files that matter here.
struct TrackFitness {
  std::string pose_hash;                           // of pose.npy; empty: unreadable
  double right_hand_gaps = 0, left_hand_gaps = 0;  // shares of the hands' joints, 0..1
};

// A sentence, with its number, for each thing that will affect the result.
std::vector<std::string> judge_fitness(const Index& index, const std::vector<TrackFitness>& facts);

}  // namespace minet::corpus
