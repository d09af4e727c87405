// The pieces that an orchestra plays, and that their parts fit together.
#include "orchestra/pieces.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "orchestra/ensemble.hpp"
#include "orchestra/tune.hpp"

using namespace minet;
using namespace minet::orchestra;

namespace {

std::map<std::string, int> count_parts(const std::vector<Piece>& pieces, bool test_only = false) {
  std::map<std::string, int> count;
  for (const Piece& piece : pieces) {
    if (test_only && !piece.test) continue;
    for (const std::string& code : piece.made()) ++count[code];
  }
  return count;
}

int total(const std::map<std::string, int>& count) {
  int sum = 0;
  for (const auto& [code, n] : count) sum += n;
  return sum;
}

}  // namespace

TEST(Pieces, AreFortyFourWithUrmpsProportionsAndAtLeastFourOfEachInstrument) {
  const auto pieces = choose_pieces(kTracksOfVolume);
  ASSERT_EQ(pieces.size(), 44u);
  const auto count = count_parts(pieces);
  EXPECT_EQ(total(count), 148);
  const std::map<std::string, int> urmp = {
      {"vn", 34},  {"va", 13}, {"vc", 11},  {"db", 3}, {"fl", 18}, {"ob", 6}, {"cl", 10},
      {"sax", 11}, {"bn", 3},  {"tpt", 21}, {"hn", 5}, {"tbn", 9}, {"tba", 5}};
  ASSERT_EQ(count.size(), 13u);
  for (const auto& [code, n] : count) {
    EXPECT_GE(n, 4) << code;
    EXPECT_LE(std::abs(n - urmp.at(code)), 1) << code;
  }
  for (const Piece& piece : pieces) {
    EXPECT_GE(piece.parts, 2);
    EXPECT_LE(piece.parts, 5);
    EXPECT_EQ(piece.parts, static_cast<int>(piece.codes.size()));
  }
}

TEST(Pieces, OfASplitShareNoCompositionWithTheOther) {
  for (const int tracks : {31, 65, 148, 296}) {
    const auto pieces = choose_pieces(tracks);
    std::map<std::string, std::set<bool>> splits;
    for (const Piece& piece : pieces) splits[piece.group()].insert(piece.test);
    for (const auto& [group, both] : splits) EXPECT_EQ(both.size(), 1u) << group;
    const auto all = count_parts(pieces), test = count_parts(pieces, true);
    EXPECT_EQ(total(all), tracks);
    EXPECT_EQ(test.size(), 13u) << tracks;  // one of every instrument, at least
    EXPECT_EQ(total(test), tracks == 296 ? 30 : 15);
    for (const auto& [code, n] : test) EXPECT_GT(all.at(code), n) << code;
  }
}

TEST(Pieces, AreExactlyAsManyTracksAsAskedForAndGrowFromTheSameStart) {
  std::set<std::string> before;
  for (int tracks = 1; tracks <= 170; ++tracks) {
    const auto pieces = choose_pieces(tracks);
    EXPECT_EQ(total(count_parts(pieces)), tracks);
    std::set<std::string> parts, names;
    for (const Piece& piece : pieces) {
      EXPECT_TRUE(names.insert(piece.name()).second);
      for (int p = 0; p < piece.parts; ++p)
        parts.insert(std::to_string(piece.number) + "." + std::to_string(p));
    }
    for (const auto& part : before) EXPECT_TRUE(parts.contains(part)) << part;
    before = parts;
  }
}

TEST(Pieces, ArePlayedByTheInstrumentsAskedForInTurn) {
  const auto pieces = choose_pieces(40, {"hn", "tbn", "cl"});
  const std::map<std::string, int> count = count_parts(pieces);
  ASSERT_EQ(count.size(), 3u);
  EXPECT_EQ(total(count), 40);
  for (const auto& [code, n] : count) EXPECT_NEAR(n, 40 / 3.0, 2) << code;
  EXPECT_EQ(count_parts(pieces, true).size(), 3u);  // in the test part too
  for (const auto& part : rehearse(pieces.front(), {.seconds = 30})) {
    EXPECT_EQ(part.instrument->code, pieces.front().codes[std::size_t(part.name[0] - '1')]);
  }
}

TEST(Pieces, ArrangementsShareTheirMusicAndSometimesTheTake) {
  const OrchestraOptions options{.seconds = 30, .seed = 3};
  std::map<int, std::vector<PlayedPart>> played;
  for (const Piece& piece : choose_pieces(148)) played[piece.number] = rehearse(piece, options);
  const auto onsets = [](const PlayedPart& part) {
    std::vector<double> beats;
    for (const TuneNote& note : part.tune.notes) beats.push_back(note.beat);
    return beats;
  };
  const auto same = [](const PlayedPart& a, const PlayedPart& b) {
    if (a.tune.notes.size() != b.tune.notes.size()) return false;
    for (std::size_t i = 0; i < a.tune.notes.size(); ++i) {
      if (a.tune.notes[i].onset_s != b.tune.notes[i].onset_s) return false;
    }
    return a.seed == b.seed;
  };
  EXPECT_TRUE(same(played[24][2], played[25][2]));   // the same take
  EXPECT_FALSE(same(played[26][2], played[27][2]));  // the same music, played again
  EXPECT_FALSE(same(played[24][0], played[26][0]));
  const auto first = onsets(played[19][0]), second = onsets(played[20][0]);  // cl and tpt
  const std::size_t shared = std::min(first.size(), second.size()) - 3;
  EXPECT_TRUE(std::equal(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(shared),
                         second.begin()));
}

// Where all parts of a piece begin a bar together, their notes belong to the bar's chord.
TEST(Pieces, PartsHaveTheSameChords) {
  const OrchestraOptions options{.seconds = 60, .seed = 5};
  int chords = 0, thirds = 0;
  for (const Piece& piece : choose_pieces(148)) {
    if (piece.parts < 3) continue;
    std::map<double, std::set<int>> at;
    for (const PlayedPart& part : rehearse(piece, options)) {
      for (const TuneNote& note : part.tune.notes) {
        if (std::fmod(note.beat, 12) < 0.01) at[note.beat].insert(note.pitch % 12);
      }
    }
    for (const auto& [beat, classes] : at) {
      ++chords;
      thirds += classes.size() <= 3;
    }
  }
  EXPECT_GT(chords, 200);
  EXPECT_GE(thirds, 0.97 * chords);
}
