// The paper's split without leaks, on URMP's real list of parts and on small made-up ones.
#include "corpus/instrument_split.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "corpus/helpers.hpp"
#include "minet/core/csv.hpp"

namespace minet::corpus {
namespace {

void expect_no_composition_on_both_sides(const std::vector<PlayedTrack>& tracks,
                                         const InstrumentSplit& split) {
  std::map<std::string, std::set<std::string>> sides;
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    if (!split.splits[i].empty()) sides[tracks[i].group].insert(split.splits[i]);
  }
  for (const auto& [group, names] : sides) EXPECT_EQ(names.size(), 1U) << group;
}

TEST(InstrumentSplit, OnTheWholeOfUrmpTestsAllThirteenAndKeepsTheMost) {
  const auto data = shared_data();
  if (data.empty()) GTEST_SKIP() << "no shared data: set MINET_SHARED_DATA to its folder";
  const CsvTable table = read_csv(data / "urmp/urmp_tracks.csv");
  std::vector<PlayedTrack> tracks;
  for (const CsvRow& row : table.rows) {
    tracks.push_back({row.cells[table.column("ausep_file")], row.cells[table.column("title")],
                      row.cells[table.column("instrument")]});
  }
  ASSERT_EQ(tracks.size(), 149U);
  for (const std::uint64_t seed : {1, 2, 3, 4, 5}) {
    const InstrumentSplit split = split_by_instrument(tracks, seed);
    EXPECT_EQ(split.test, 13);
    EXPECT_EQ(split.instruments.size(), 13U);
    EXPECT_TRUE(split.without_test_track.empty());
    // Miserere (10 tracks, for the bassoon), Jerusalem (10, for the double bass) and Arioso or
    // Chorale (5, for the tuba) cost least for their instruments, so 149 - 25 is the optimum.
    EXPECT_EQ(split.train, 124) << "seed " << seed;
    EXPECT_EQ(split.left_out, 12);
    expect_no_composition_on_both_sides(tracks, split);
    std::set<std::string> tested, trained;
    for (std::size_t i = 0; i < tracks.size(); ++i) {
      if (split.splits[i] == "test") tested.insert(tracks[i].instrument);
      if (split.splits[i] == "train") trained.insert(tracks[i].instrument);
    }
    EXPECT_EQ(tested.size(), 13U);
    EXPECT_EQ(trained.size(), 13U);
  }
  const InstrumentSplit paper = split_as_paper(tracks, 1);
  EXPECT_EQ(paper.test, 13);
  EXPECT_EQ(paper.train, 136);
  EXPECT_GT(paper.leaks, 0);
  EXPECT_CONTAINS(describe(paper), "This split leaks");
  auto reversed = tracks;
  std::reverse(reversed.begin(), reversed.end());
  auto splits = split_by_instrument(reversed, 1).splits;
  std::reverse(splits.begin(), splits.end());
  EXPECT_EQ(splits, split_by_instrument(tracks, 1).splits);
}

TEST(InstrumentSplit, KeepsAnInstrumentInTrainingRatherThanTestingIt) {
  const std::vector<PlayedTrack> tracks = {
      {"a1", "A", "vn"}, {"a2", "A", "db"}, {"b1", "B", "vn"}, {"c1", "C", "vn"}};
  const InstrumentSplit split = split_by_instrument(tracks, 1);
  EXPECT_EQ(split.instruments, std::vector<std::string>{"vn"});
  EXPECT_EQ(split.without_test_track, std::vector<std::string>{"db"});
  EXPECT_EQ(split.splits[0], "train");
  EXPECT_EQ(split.splits[1], "train");
  EXPECT_EQ(split.train, 3);
  EXPECT_CONTAINS(describe(split), "no test track for db");
}

TEST(InstrumentSplit, TestsNothingWhereNothingCanBeSpared) {
  const InstrumentSplit split =
      split_by_instrument(std::vector<PlayedTrack>{{"a", "A", "vn"}, {"b", "B", "va"}}, 1);
  EXPECT_EQ(split.test, 0);
  EXPECT_EQ(split.splits, (std::vector<std::string>{"train", "train"}));
}

}  // namespace
}  // namespace minet::corpus
