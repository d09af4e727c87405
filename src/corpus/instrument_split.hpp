// The split of the paper (section 4.1): one test track per instrument, the rest for training. By
// default no composition is on both sides. The paper does not claim this, and its 135 and 13 tracks
// cannot satisfy it: each composition of URMP has several parts.
//
// A composition in the test split takes all its tracks out of training, so few and small ones
// should be chosen. Rule: as many instruments as possible get a test track while one stays for
// training; then as many training tracks as possible. A seeded greedy search with restarts.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace minet::corpus {

struct PlayedTrack {
  std::string id, group, instrument;
};

struct InstrumentSplit {
  std::vector<std::string> splits;              // per track: "train", "test", or "" = left out
  std::vector<std::string> test_groups;         // compositions in the test split
  std::vector<std::string> instruments;         // with a test track
  std::vector<std::string> without_test_track;  // instruments with no composition to spare
  std::int64_t train = 0, test = 0, left_out = 0;
  std::int64_t leaks = 0;  // test tracks whose composition is in training too
};

// The result depends on the set of tracks, not on their order. If no instrument can spare a
// composition, every track is "train".
InstrumentSplit split_by_instrument(std::span<const PlayedTrack> tracks, std::uint64_t seed);

// The paper's numbers: any track may be the test track, and all others are for training, so that
// training hears other parts of the same music. Only for comparison with the paper.
InstrumentSplit split_as_paper(std::span<const PlayedTrack> tracks, std::uint64_t seed);

std::string describe(const InstrumentSplit& split);  // a sentence

}  // namespace minet::corpus
