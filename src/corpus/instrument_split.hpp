// The split of the paper (section 4.1): one test track for each instrument, the rest for training.
// By default without a composition on both sides, which the paper does not say it kept, and which
// its 135 and 13 tracks cannot have been: each composition of URMP has several parts.
//
// A composition that is tested on leaves training with all its tracks, so few and small ones should
// be chosen. Rule: as many instruments as possible get a test track while they keep one to train
// on; then as many training tracks as possible. A seeded greedy search with restarts looks for it.
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
  std::vector<std::string> splits;              // a track: "train", "test", or "" = left out
  std::vector<std::string> test_groups;         // compositions tested on
  std::vector<std::string> instruments;         // with a test track
  std::vector<std::string> without_test_track;  // instruments: none could be spared
  std::int64_t train = 0, test = 0, left_out = 0;
  std::int64_t leaks = 0;  // test tracks whose composition is in training too
};

// The answer depends on the set of tracks, not on their order. Where no instrument can spare a
// composition, every track is "train".
InstrumentSplit split_by_instrument(std::span<const PlayedTrack> tracks, std::uint64_t seed);

// The paper's numbers: any track may be the one tested, and all the others are for training, so
// that other parts of the same music are heard there. For comparing with the paper alone.
InstrumentSplit split_as_paper(std::span<const PlayedTrack> tracks, std::uint64_t seed);

std::string describe(const InstrumentSplit& split);  // a sentence

}  // namespace minet::corpus
