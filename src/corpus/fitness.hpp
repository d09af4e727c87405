// Whether a whole corpus is fit to learn from: amounts, what is only on one side, what is missing.
#pragma once

#include <string>
#include <vector>

#include "corpus/index.hpp"

namespace minet::corpus {

// What a pass over the files found of a track, as far as it matters here.
struct TrackFitness {
  std::string pose_hash;                           // of pose.npy; empty: unreadable
  double right_hand_gaps = 0, left_hand_gaps = 0;  // shares of the hands' joints, 0..1
};

// A sentence for each thing that will show in the result, with its number.
std::vector<std::string> judge_fitness(const Index& index, const std::vector<TrackFitness>& facts);

}  // namespace minet::corpus
