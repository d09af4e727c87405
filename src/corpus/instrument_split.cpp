// See instrument_split.hpp for the rule. On URMP's 149 parts the best choice is known: bassoons
// cost at least Miserere (10 parts), double basses Jerusalem (10), tubas Arioso or Chorale (5), and
// these three cover all 13 instruments; the search finds this choice.
#include "corpus/instrument_split.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "minet/core/random.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"

namespace minet::corpus {
namespace {

constexpr int kRestarts = 200;

struct Composition {
  std::string name;
  std::int64_t size = 0;
  std::vector<std::int64_t> parts;  // by instrument
};

struct Score {
  std::int64_t instruments = -1, cost = 0;
  bool better_than(const Score& other) const {
    return instruments != other.instruments ? instruments > other.instruments : cost < other.cost;
  }
};

class Search {
 public:
  explicit Search(std::span<const PlayedTrack> tracks) {
    std::set<std::string> names;
    for (const PlayedTrack& track : tracks) names.insert(track.instrument);
    instruments_.assign(names.begin(), names.end());
    totals_.assign(instruments_.size(), 0);
    std::map<std::string, Composition> by_name;
    for (const PlayedTrack& track : tracks) {
      Composition& composition = by_name[track.group];
      composition.name = track.group;
      composition.parts.resize(instruments_.size());
      const auto at = std::lower_bound(instruments_.begin(), instruments_.end(), track.instrument) -
                      instruments_.begin();
      ++composition.parts[static_cast<std::size_t>(at)];
      ++composition.size;
      ++totals_[static_cast<std::size_t>(at)];
    }
    for (auto& [name, composition] : by_name) compositions_.push_back(std::move(composition));
  }

  std::vector<bool> best(std::uint64_t seed) const {
    std::vector<bool> chosen(compositions_.size(), false);
    Score score = score_of(chosen);
    for (int restart = 0; restart < kRestarts; ++restart) {
      Random random(derive_seed(seed, "instrument split", static_cast<std::uint64_t>(restart)));
      std::vector<bool> candidate = grow(random);
      prune(candidate, random);
      const Score found = score_of(candidate);
      if (found.better_than(score)) {
        score = found;
        chosen = std::move(candidate);
      }
    }
    return chosen;
  }

  // +1 for each instrument on both sides, -1 for each that training would lose.
  Score score_of(const std::vector<bool>& chosen) const {
    Score score{.instruments = 0, .cost = 0};
    std::vector<std::int64_t> used(instruments_.size(), 0);
    for (std::size_t c = 0; c < compositions_.size(); ++c) {
      if (!chosen[c]) continue;
      score.cost += compositions_[c].size;
      for (std::size_t i = 0; i < used.size(); ++i) used[i] += compositions_[c].parts[i];
    }
    for (std::size_t i = 0; i < used.size(); ++i) {
      if (used[i] > 0) score.instruments += used[i] < totals_[i] ? 1 : -1;
    }
    return score;
  }

  std::vector<Composition> const& compositions() const { return compositions_; }
  std::vector<std::string> const& instruments() const { return instruments_; }

 private:
  // Adds the composition with the fewest tracks per instrument gained, with some randomness.
  std::vector<bool> grow(Random& random) const {
    std::vector<bool> chosen(compositions_.size(), false);
    while (true) {
      const std::int64_t now = score_of(chosen).instruments;
      double least = 0;
      std::ptrdiff_t next = -1;
      for (std::size_t c = 0; c < compositions_.size(); ++c) {
        if (chosen[c]) continue;
        chosen[c] = true;
        const std::int64_t gain = score_of(chosen).instruments - now;
        chosen[c] = false;
        if (gain <= 0) continue;
        const double price = static_cast<double>(compositions_[c].size) /
                             static_cast<double>(gain) * random.uniform(0.5, 1.5);
        if (next < 0 || price < least) {
          least = price;
          next = static_cast<std::ptrdiff_t>(c);
        }
      }
      if (next < 0) return chosen;
      chosen[static_cast<std::size_t>(next)] = true;
    }
  }

  void prune(std::vector<bool>& chosen, Random& random) const {
    for (const std::int64_t c : random.permutation(static_cast<std::int64_t>(chosen.size()))) {
      const auto at = static_cast<std::size_t>(c);
      if (!chosen[at]) continue;
      const Score before = score_of(chosen);
      chosen[at] = false;
      if (!score_of(chosen).better_than(before)) chosen[at] = true;
    }
  }

  std::vector<std::string> instruments_;
  std::vector<std::int64_t> totals_;  // number of tracks, by instrument
  std::vector<Composition> compositions_;
};

}  // namespace

InstrumentSplit split_by_instrument(std::span<const PlayedTrack> tracks, std::uint64_t seed) {
  const Search search(tracks);
  const std::vector<bool> chosen = search.best(seed);
  std::set<std::string> test_groups;
  for (std::size_t c = 0; c < chosen.size(); ++c) {
    if (chosen[c]) test_groups.insert(search.compositions()[c].name);
  }
  InstrumentSplit split;
  split.test_groups.assign(test_groups.begin(), test_groups.end());
  std::set<std::string> test_ids;
  for (std::size_t i = 0; i < search.instruments().size(); ++i) {
    const std::string& instrument = search.instruments()[i];
    std::vector<std::string> candidates;
    bool trained = false;
    for (const PlayedTrack& track : tracks) {
      if (track.instrument != instrument) continue;
      const bool tested = test_groups.contains(track.group);
      if (tested) candidates.push_back(track.id);
      trained = trained || !tested;
    }
    if (candidates.empty() || !trained) {
      split.without_test_track.push_back(instrument);
      continue;
    }
    std::sort(candidates.begin(), candidates.end());
    Random random(derive_seed(seed, "test track", i));
    test_ids.insert(candidates[random.below(candidates.size())]);
    split.instruments.push_back(instrument);
  }
  for (const PlayedTrack& track : tracks) {
    const bool test = test_ids.contains(track.id);
    const bool out = !test && test_groups.contains(track.group);
    split.splits.emplace_back(test ? "test" : out ? "" : "train");
    ++(test ? split.test : out ? split.left_out : split.train);
  }
  return split;
}

InstrumentSplit split_as_paper(std::span<const PlayedTrack> tracks, std::uint64_t seed) {
  std::map<std::string, std::vector<std::string>> ids_of;  // by instrument
  for (const PlayedTrack& track : tracks) ids_of[track.instrument].push_back(track.id);
  InstrumentSplit split;
  std::set<std::string> test_ids;
  std::uint64_t index = 0;
  for (auto& [instrument, ids] : ids_of) {
    Random random(derive_seed(seed, "test track", index++));
    if (ids.size() < 2) {  // none would be left for training
      split.without_test_track.push_back(instrument);
      continue;
    }
    std::sort(ids.begin(), ids.end());
    test_ids.insert(ids[random.below(ids.size())]);
    split.instruments.push_back(instrument);
  }
  std::set<std::string> tested, trained;  // compositions
  for (const PlayedTrack& track : tracks) {
    const bool test = test_ids.contains(track.id);
    split.splits.emplace_back(test ? "test" : "train");
    ++(test ? split.test : split.train);
    (test ? tested : trained).insert(track.group);
  }
  split.test_groups.assign(tested.begin(), tested.end());
  for (const PlayedTrack& track : tracks) {
    split.leaks += test_ids.contains(track.id) && trained.contains(track.group) ? 1 : 0;
  }
  return split;
}

std::string describe(const InstrumentSplit& split) {
  std::string out = text(counted(split.train, "track"), " for training and ", split.test,
                         " for testing, one for each of ", split.instruments.size(), " instruments",
                         split.leaks == 0 ? ", with no composition on both sides" : "");
  if (split.leaks > 0) {
    out += text(". This split leaks: of ", split.leaks, " of the ", split.test,
                " test tracks, other parts of the same composition are in training, so results on "
                "them are not results on unheard music");
  }
  if (split.left_out > 0) {
    out += text("; ", split.left_out, " further parts of the compositions tested on (",
                join(split.test_groups, ", "), ") are left out");
  }
  if (!split.without_test_track.empty()) {
    out += text("; no test track for ", join(split.without_test_track, ", "),
                ", which could not be spared in training");
  }
  return out + ".";
}

}  // namespace minet::corpus
