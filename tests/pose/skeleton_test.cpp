// The table of joints.
#include "minet/pose/skeleton.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

namespace minet::pose {
namespace {

const Joint& joint(int index) {
  return kSkeleton[static_cast<std::size_t>(index)];
}

TEST(Skeleton, EveryJointButTheNeckHangsOnAnEarlierOne) {
  EXPECT_EQ(joint(kNeck).parent, -1);
  for (int i = 1; i < kJoints; ++i) {
    EXPECT_GE(joint(i).parent, 0) << i;
    EXPECT_LT(joint(i).parent, i);
  }
}

TEST(Skeleton, ArmsAreChainsFromTheNeck) {
  for (const auto& [child, parent] : {std::pair(1, 0), {2, 1}, {3, 2}, {4, 0}, {5, 4}, {6, 5}}) {
    EXPECT_EQ(joint(child).parent, parent);
  }
}

TEST(Skeleton, EachFingerIsAChainOfFourFromItsOwnWrist) {
  for (const auto& [first, wrist] : {std::pair(kRightHand, kRightWrist), {kLeftHand, kLeftWrist}}) {
    for (int i = 0; i < kHandJoints; ++i) {
      EXPECT_EQ(joint(first + i).parent, i % 4 == 0 ? wrist : first + i - 1) << first + i;
    }
  }
}

TEST(Skeleton, NamesAreUniqueAndFoundAgain) {
  std::set<std::string_view> names;
  for (int i = 0; i < kJoints; ++i) {
    names.insert(joint(i).name);
    EXPECT_EQ(joint_index(joint(i).name), i);
  }
  EXPECT_EQ(names.size(), 47U);
  EXPECT_EQ(joint_index("tail"), -1);
  EXPECT_EQ(joint_index("right_wrist"), kRightWrist);
  EXPECT_EQ(joint_index("left_little_4"), 46);
}

TEST(Skeleton, GroupsHaveOneThreeThreeTwentyTwentyJoints) {
  std::array<int, kJointGroups> counts{};
  for (const Joint& entry : kSkeleton) {
    ++counts[static_cast<std::size_t>(entry.group)];
  }
  EXPECT_EQ(counts, (std::array<int, kJointGroups>{1, 3, 3, 20, 20}));
  EXPECT_EQ(group_name(JointGroup::left_hand), "left hand");
}

TEST(Skeleton, EdgesAreTheParentsOfTheTable) {
  for (std::size_t i = 0; i < kEdges.size(); ++i) {
    EXPECT_EQ(kEdges[i].second, static_cast<int>(i) + 1);
    EXPECT_EQ(kEdges[i].first, kSkeleton[i + 1].parent);
  }
}

}  // namespace
}  // namespace minet::pose
