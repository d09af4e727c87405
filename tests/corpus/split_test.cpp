// Splits by group.
#include "corpus/split.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace minet::corpus {
namespace {

std::vector<SplitWish> groups_of(std::int64_t groups, std::int64_t tracks_each) {
  std::vector<SplitWish> wishes;
  for (std::int64_t group = 0; group < groups; ++group) {
    for (std::int64_t i = 0; i < tracks_each; ++i) {
      wishes.push_back({"group" + std::to_string(group), ""});
    }
  }
  return wishes;
}

std::int64_t tests_in(const std::vector<std::string>& splits) {
  return std::count(splits.begin(), splits.end(), "test");
}

TEST(Split, KeepsGroupsTogetherAndMeetsTheShare) {
  const auto wishes = groups_of(50, 3);
  const auto splits = assign_splits(wishes, {.test_share = 0.1, .seed = 1});
  EXPECT_EQ(tests_in(splits), 15);
  std::map<std::string, std::set<std::string>> sides;
  for (std::size_t i = 0; i < wishes.size(); ++i) sides[wishes[i].group].insert(splits[i]);
  for (const auto& [group, side] : sides) EXPECT_EQ(side.size(), 1U) << group;
}

TEST(Split, FollowsTheSeedAndNotTheOrderOfRows) {
  auto wishes = groups_of(40, 1);
  const auto first = assign_splits(wishes, {.seed = 1});
  EXPECT_EQ(first, assign_splits(wishes, {.seed = 1}));
  EXPECT_NE(first, assign_splits(wishes, {.seed = 2}));
  std::reverse(wishes.begin(), wishes.end());
  auto reversed = assign_splits(wishes, {.seed = 1});
  std::reverse(reversed.begin(), reversed.end());
  EXPECT_EQ(first, reversed);
}

TEST(Split, HasATestGroupWheneverThereAreTwoGroups) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(tests_in(assign_splits(groups_of(2, 1), {.seed = seed})), 1);
    EXPECT_EQ(tests_in(assign_splits(groups_of(2, 30), {.seed = seed})), 30);
    EXPECT_EQ(tests_in(assign_splits(groups_of(1, 5), {.seed = seed})), 0);
    EXPECT_EQ(tests_in(assign_splits(groups_of(2, 1), {.test_share = 0.9, .seed = seed})), 1);
    EXPECT_EQ(tests_in(assign_splits(groups_of(4, 2), {.test_share = 0, .seed = seed})), 0);
  }
}

TEST(Split, TakesTheSmallestGroupWhereEveryGroupIsLargerThanTheShare) {
  auto wishes = groups_of(3, 4);
  wishes.push_back({"small", ""});
  wishes.push_back({"small", ""});
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto splits = assign_splits(wishes, {.test_share = 0.05, .seed = seed});
    EXPECT_EQ(tests_in(splits), 2);
    EXPECT_EQ(splits.back(), "test");
  }
}

TEST(Split, GivenSplitsHoldForTheWholeGroup) {
  auto wishes = groups_of(10, 2);
  wishes[0].split = "test";
  wishes[3].split = "train";
  const auto splits = assign_splits(wishes, {.test_share = 0.1});
  EXPECT_EQ(splits[0], "test");
  EXPECT_EQ(splits[1], "test");
  EXPECT_EQ(splits[2], "train");
  EXPECT_EQ(splits[3], "train");
  EXPECT_EQ(tests_in(splits), 2);  // the given group already makes up the share
}

TEST(Split, LeavesAGroupToTrainOn) {
  auto wishes = groups_of(2, 1);
  wishes[0].split = "test";
  EXPECT_EQ(tests_in(assign_splits(wishes, {.test_share = 0.9})), 1);
}

}  // namespace
}  // namespace minet::corpus
