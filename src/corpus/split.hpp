// Which tracks are for training and which for testing: whole groups, seeded.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace minet::corpus {

struct SplitWish {
  std::string group;
  std::string split;  // train, test, or empty: choose
};

struct SplitOptions {
  double test_share = 0.1;  // of the tracks
  std::uint64_t seed = 1;
};

// One split per wish. A group with a given split keeps it, also for its rows that give none. Of the
// others, shuffled by the seed, groups go to the test side while they fit into test_share of all
// tracks. With two groups or more and test_share > 0 there is at least one group on each side.
// The answer depends on the set of rows, not on their order.
std::vector<std::string> assign_splits(std::span<const SplitWish> wishes,
                                       const SplitOptions& options);

}  // namespace minet::corpus
