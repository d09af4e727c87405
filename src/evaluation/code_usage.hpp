// How often each code is used and how long it is held.
#pragma once

#include <cstdint>
#include <vector>

#include "evaluation/code_models.hpp"

namespace minet::evaluation {

struct CodeHolds {  // runs of equal codes within a sequence, in frames
  double mean = 0, median = 0, p90 = 0;
  std::int64_t longest = 0;
};

struct CodeUse {
  std::vector<std::int64_t> counts;  // [K]
  std::vector<std::int64_t> runs;    // [K]: how often each code begins
  std::vector<std::int64_t> ranked;  // the codes in use, most used first; lower code on ties
  double perplexity = 0;             // exp of the entropy of the counts: 1 .. K
  CodeHolds holds;

  std::int64_t total() const;
  double share(std::int64_t code) const;                // of all frames
  double mean_hold(std::int64_t code) const;            // frames; 0 for a code not in use
  std::int64_t codes_for(double share_of_total) const;  // the fewest codes that make up that share
};
// InputError if a code lies outside 0 .. codes - 1.
CodeUse code_use(const std::vector<CodeSequence>& sequences, std::int64_t codes);

}  // namespace minet::evaluation
