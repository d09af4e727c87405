// Poses of a player whose frames arrive one by one.
#include "minet/pose/causal.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace minet::pose {
namespace {

using Joints = std::vector<float>;  // [47, 3]

// Shoulders 100 apart around a neck at (x, y); every other joint 10 below its parent.
Joints player(double x, double y) {
  Joints joints(141, 0.0F);
  const auto put = [&](int joint, double px, double py) {
    float* to = joints.data() + 3 * joint;
    to[0] = static_cast<float>(px), to[1] = static_cast<float>(py), to[2] = 0.9F;
  };
  put(kNeck, x, y);
  put(kRightShoulder, x - 50, y);
  put(kLeftShoulder, x + 50, y);
  for (int joint = 0; joint < kJoints; ++joint) {
    const int parent = kSkeleton[static_cast<std::size_t>(joint)].parent;
    if (joint == kNeck || joint == kRightShoulder || joint == kLeftShoulder) continue;
    put(joint, joints[static_cast<std::size_t>(3 * parent)],
        joints[static_cast<std::size_t>(3 * parent + 1)] + 10);
  }
  return joints;
}

void lose(Joints& joints, int joint) {
  for (int i = 0; i < 3; ++i) joints[static_cast<std::size_t>(3 * joint + i)] = 0;
}

std::size_t x_of(int joint) {
  return 2 * static_cast<std::size_t>(joint);
}

TEST(CausalPose, IsWhatAWholeRecordingOfAStillPlayerIs) {
  CausalPose causal;
  PoseSequence whole{.fps = 25, .frames = 100, .data = {}};
  for (int i = 0; i < 100; ++i) {
    const Joints joints = player(320, 200);
    whole.data.insert(whole.data.end(), joints.begin(), joints.end());
    ASSERT_TRUE(causal.add(joints, i * 0.04));
    EXPECT_TRUE(causal.tick(i * 0.04 + 1e-9));
  }
  normalise(whole);
  const std::vector<float> expected = pose_window(whole, 0, 100), got = causal.window(100);
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected[i], 1e-5) << i;
}

TEST(CausalPose, HasAFrameOfAFirstPictureThatCameAfterTheClockWasRead) {
  CausalPose causal;
  ASSERT_TRUE(causal.add(player(320, 200), 1.001));
  EXPECT_TRUE(causal.tick(1.0));
  EXPECT_EQ(causal.window(100).size(), static_cast<std::size_t>(kPoseWidth));
  EXPECT_FALSE(causal.tick(1.02));
  EXPECT_TRUE(causal.tick(1.05));
}

TEST(CausalPose, WaitsForANeckOrShoulders) {
  CausalPose causal;
  Joints joints = player(320, 200);
  EXPECT_FALSE(causal.add(Joints(141, 0.0F), 0));
  lose(joints, kNeck), lose(joints, kLeftShoulder);
  EXPECT_FALSE(causal.add(joints, 0.04));
  EXPECT_FALSE(causal.started());
  joints = player(320, 200);
  lose(joints, kNeck);
  ASSERT_TRUE(causal.add(joints, 0.08));  // the middle of the shoulders
  causal.tick(0.08);
  EXPECT_NEAR(causal.scale().center_x, 320, 1e-3);
  EXPECT_FALSE(causal.add(Joints(141, 0.0F), 0.12));  // nobody: the previous frame is kept
  EXPECT_EQ(causal.newest_s(), 0.08);
}

TEST(CausalPose, ALostJointStaysWhereItWasFromItsParent) {
  CausalPose causal;
  causal.add(player(320, 200), 0);
  causal.tick(0);
  Joints moved = player(330, 200);
  lose(moved, kRightWrist);
  causal.add(moved, 0.04);
  const auto pair = causal.pair(0.04);
  const std::size_t wrist = kPoseWidth + x_of(kRightWrist), elbow = kPoseWidth + x_of(kRightElbow);
  EXPECT_NEAR(pair[wrist], pair[elbow], 1e-5);  // still below its elbow, which moved
  EXPECT_NEAR(pair[wrist] - pair[x_of(kRightWrist)], 0.1, 1e-5);  // 10 of a width of 100
}

TEST(CausalPose, MovementIsThatOfAFrameWhateverTheSourcesRate) {
  for (const double rate : {10.0, 25.0, 60.0}) {
    CausalPose causal;
    for (int i = 0; i < 60; ++i) {
      const double now = i / rate;
      causal.add(player(320 + 50 * now, 200), now);  // half a width a second
      causal.tick(now);
    }
    const auto pair = causal.pair(causal.newest_s());
    EXPECT_NEAR(pair[kPoseWidth] - pair[0], 0.5 * 0.04, 1e-4) << rate;
    const auto held = causal.pair(causal.newest_s() + 0.5);  // the source is stalled
    EXPECT_EQ(held[kPoseWidth], held[0]);
  }
}

TEST(CausalPose, OfABurstOnlyTheNewestCounts) {
  CausalPose causal;
  causal.add(player(320, 200), 0);
  causal.tick(0);
  for (int i = 1; i <= 10; ++i) causal.add(player(320 + i, 200), 0.4);
  const auto pair = causal.pair(0.4);
  EXPECT_NEAR(pair[kPoseWidth] - pair[0], 0.1 / 10, 1e-4);  // a tenth of the way, in 40 of 400 ms
}

TEST(CausalPose, TheScaleFollowsAPlayerWhoComesNearerWithoutAJump) {
  CausalPose causal;
  double last = 0;
  for (int i = 0; i < 1000; ++i) {
    Joints joints = player(320, 200);
    const float larger = i < 300 ? 1.0F : 2.0F;
    for (std::size_t value = 0; value < joints.size(); ++value) {
      if (value % 3 != 2) joints[value] *= larger;
    }
    causal.add(joints, i * 0.04);
    causal.tick(i * 0.04);
    if (i > 10) {
      EXPECT_LT(std::abs(causal.scale().width - last), 15) << i;
    }
    last = causal.scale().width;
  }
  EXPECT_NEAR(last, 200, 1);
}

TEST(CausalPose, APauseIsNoFloodOfFrames) {
  CausalPose causal;
  causal.add(player(320, 200), 0);
  causal.tick(0);
  causal.add(player(320, 200), 3600);
  EXPECT_TRUE(causal.tick(3600));
  EXPECT_FALSE(causal.tick(3600.01));
  EXPECT_LE(causal.window(100).size(), 52U * kPoseWidth);
}

}  // namespace
}  // namespace minet::pose
