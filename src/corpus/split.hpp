// Divides tracks into training and test sets: whole groups, seeded.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace minet::corpus {

struct SplitWish {
  std::string group;
  std::string split;  // train, test, or empty: to be chosen
};

struct SplitOptions {
  double test_share = 0.1;  // of the tracks
  std::uint64_t seed = 1;
};

// One split per wish. A group with a given split keeps it, also for its rows that give none. The
// others, shuffled by the seed, become test groups as long as they fit into test_share of all
// tracks. With two groups or more, one of them free, and test_share > 0, each side gets at least
// one. The result depends on the set of rows, not on their order.
std::vector<std::string> assign_splits(std::span<const SplitWish> wishes,
                                       const SplitOptions& options);

}  // namespace minet::corpus
