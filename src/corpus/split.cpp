// Splits by group: see split.hpp.
#include "corpus/split.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "minet/core/random.hpp"

namespace minet::corpus {
namespace {

struct Group {
  std::string name;
  std::int64_t tracks = 0;
};

}  // namespace

std::vector<std::string> assign_splits(std::span<const SplitWish> wishes,
                                       const SplitOptions& options) {
  std::map<std::string, std::string> split_of;
  std::map<std::string, std::int64_t> sizes;
  for (const SplitWish& wish : wishes) {
    ++sizes[wish.group];
    std::string& split = split_of[wish.group];
    if (!wish.split.empty()) split = wish.split;
  }

  std::vector<Group> open;  // sorted by name, like the map
  std::int64_t test_tracks = 0, train_groups = 0, test_groups = 0;
  for (const auto& [group, split] : split_of) {
    if (split.empty()) open.push_back({group, sizes[group]});
    train_groups += split == "train";
    test_groups += split == "test";
    if (split == "test") test_tracks += sizes[group];
  }

  Random random(derive_seed(options.seed, "split"));
  std::vector<Group> shuffled;
  for (const std::int64_t i : random.permutation(static_cast<std::int64_t>(open.size()))) {
    shuffled.push_back(open[static_cast<std::size_t>(i)]);
  }
  const std::int64_t wanted = std::llround(options.test_share * static_cast<double>(wishes.size()));
  auto left = static_cast<std::int64_t>(shuffled.size());
  for (const Group& group : shuffled) {
    const bool last_for_training = train_groups == 0 && left == 1;
    if (test_tracks + group.tracks <= wanted && !last_for_training) {
      split_of[group.name] = "test";
      test_tracks += group.tracks;
      ++test_groups;
    } else {
      split_of[group.name] = "train";
      ++train_groups;
    }
    --left;
  }
  const bool spare = train_groups >= 2;
  if (test_groups == 0 && options.test_share > 0 && spare && !shuffled.empty()) {
    // Every group is larger than the share: takes the smallest, in shuffled order on ties.
    const auto smallest =
        std::min_element(shuffled.begin(), shuffled.end(),
                         [](const Group& a, const Group& b) { return a.tracks < b.tracks; });
    split_of[smallest->name] = "test";
  }

  std::vector<std::string> splits;
  splits.reserve(wishes.size());
  for (const SplitWish& wish : wishes) splits.push_back(split_of[wish.group]);
  return splits;
}

}  // namespace minet::corpus
