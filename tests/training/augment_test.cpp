// Augmentation of poses: the effect of each part alone, and that the result depends on nothing but
// seed, step and place in the batch.
#include "minet/training/augment.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "minet/pose/skeleton.hpp"

namespace minet::training {
namespace {

config::TrainConfig with(const config::AugmentConfig& augment) {
  config::TrainConfig config;
  config.augment = augment;
  return config;
}

at::Tensor poses(std::int64_t clips = 6) {
  at::manual_seed(1);
  return at::randn({clips, 100, 2 * pose::kJoints});
}

at::Tensor points(const at::Tensor& poses) {  // [B, P, J, 2]
  return poses.view({poses.size(0), poses.size(1), pose::kJoints, 2});
}

double distance(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

constexpr config::AugmentConfig kAll{
    .build = 0.1, .turn = 0.1, .mirror = 0.5, .gaps = 0.5, .limbs = 0.1, .sway = 0.1};

TEST(Augment, DoesNothingWhereAllIsZero) {
  const at::Tensor before = poses();
  EXPECT_TRUE(augmented(before, with({}), 3).is_same(before));
}

TEST(Augment, FollowsFromSeedStepAndPlaceAlone) {
  const at::Tensor before = poses(), kept = before.clone();
  config::TrainConfig config = with(kAll);
  const at::Tensor once = augmented(before, config, 5);
  EXPECT_TRUE(at::equal(before, kept));
  at::manual_seed(77);  // LibTorch's own generator does not matter
  EXPECT_TRUE(at::equal(augmented(before, config, 5), once));
  EXPECT_FALSE(at::equal(augmented(before, config, 6), once));
  config.run.seed = 2;
  EXPECT_FALSE(at::equal(augmented(before, config, 5), once));
  // Equal clips at different places of a batch become different ones.
  const at::Tensor same = augmented(before.narrow(0, 0, 1).expand({2, -1, -1}), with(kAll), 5);
  EXPECT_GT(distance(same[0], same[1]), 1e-3);
}

TEST(Augment, MirrorExchangesHandsAndTwiceIsNothing) {
  const at::Tensor before = poses();
  const config::TrainConfig config = with({.mirror = 1});
  const at::Tensor once = augmented(before, config, 0);
  const at::Tensor was = points(before), is = points(once);
  const auto expect_exchanged = [&](int right, int left) {
    EXPECT_TRUE(at::equal(is.select(2, right).select(2, 0), -was.select(2, left).select(2, 0)));
    EXPECT_TRUE(at::equal(is.select(2, left).select(2, 1), was.select(2, right).select(2, 1)));
  };
  expect_exchanged(pose::kRightWrist, pose::kLeftWrist);
  expect_exchanged(pose::kRightHand + 7, pose::kLeftHand + 7);
  EXPECT_TRUE(
      at::equal(is.select(2, pose::kNeck).select(2, 1), was.select(2, pose::kNeck).select(2, 1)));
  EXPECT_TRUE(at::equal(augmented(once, config, 1), before));
}

TEST(Augment, MirrorsAsManyClipsAsAsked) {
  const at::Tensor before = at::ones({400, 2, 2 * pose::kJoints});
  const at::Tensor after = augmented(before, with({.mirror = 0.25}), 0);
  const auto mirrored = (after.select(1, 0).select(1, 0) < 0).sum().item<std::int64_t>();
  EXPECT_NEAR(static_cast<double>(mirrored), 100, 35);
}

TEST(Augment, BuildScalesEachAxisAndTurnKeepsLengths) {
  const at::Tensor before = poses(200);
  const at::Tensor ratio = augmented(before, with({.build = 0.1}), 0) / before;
  const at::Tensor x = points(ratio).select(3, 0).flatten(1),
                   y = points(ratio).select(3, 1).flatten(1);
  EXPECT_LT((x.amax(1) - x.amin(1)).max().item<double>(), 1e-4);
  EXPECT_NEAR(x.mean(1).log().std().item<double>(), 0.1, 0.02);
  EXPECT_NEAR(y.mean(1).log().std().item<double>(), 0.1, 0.02);
  EXPECT_GT(distance(x.mean(1), y.mean(1)), 0.05);
  const at::Tensor turned = augmented(before, with({.turn = 0.1}), 0);
  EXPECT_LT(distance(points(turned).norm(2, 3), points(before).norm(2, 3)), 1e-4);
  EXPECT_GT(distance(turned, before), 0.05);
}

TEST(Augment, FramesApartFromTheClipHaveNoGaps) {
  const at::Tensor before = poses(40);
  const at::Tensor after =
      augmented(before, with({.gaps = 1}), 0, models::part_of(nullptr, 40), /*apart=*/60);
  EXPECT_LT(distance(after.slice(1, 40), before.slice(1, 40)), 1e-5);
  EXPECT_TRUE(at::equal(after.slice(1, 0, 40),  // held, not interpolated towards them, at the end
                        augmented(before.slice(1, 0, 40), with({.gaps = 1}), 0)));
}

TEST(Augment, GapsGoInALineAsSeenFromTheWristAndTouchNothingElse) {
  const at::Tensor before = poses(20);
  const at::Tensor after = augmented(before, with({.gaps = 1}), 0);
  const at::Tensor was = points(before), is = points(after);
  EXPECT_TRUE(at::equal(is.narrow(2, 0, pose::kRightHand), was.narrow(2, 0, pose::kRightHand)));
  for (const auto& [first, wrist] : {std::pair{pose::kRightHand, pose::kRightWrist},
                                     std::pair{pose::kLeftHand, pose::kLeftWrist}}) {
    const at::Tensor hand = is.narrow(2, first, pose::kHandJoints) - is.narrow(2, wrist, 1);
    const at::Tensor seen = was.narrow(2, first, pose::kHandJoints) - was.narrow(2, wrist, 1);
    const at::Tensor lost = (hand - seen).abs().amax({2, 3}) > 1e-5;  // [B, P]
    const at::Tensor frames = lost.sum(1);
    EXPECT_GE(frames.min().item<std::int64_t>(), 5);   // 0.2 s
    EXPECT_LE(frames.max().item<std::int64_t>(), 25);  // 1 s
    // Within a gap the second difference is 0: the joints move on a line.
    const at::Tensor bend =
        (hand.slice(1, 2) - 2 * hand.slice(1, 1, -1) + hand.slice(1, 0, -2)).abs().amax({2, 3});
    const at::Tensor inside = lost.slice(1, 2) & lost.slice(1, 1, -1) & lost.slice(1, 0, -2);
    EXPECT_LT(bend.masked_select(inside).max().item<double>(), 1e-4);
  }
}

TEST(Augment, LimbsTurnAboutTheirJointsAndKeepTheHandsShape) {
  const at::Tensor before = poses(300);
  const at::Tensor was = points(before), is = points(augmented(before, with({.limbs = 0.1}), 0));
  EXPECT_TRUE(at::equal(is.narrow(2, 0, 2), was.narrow(2, 0, 2)));  // neck and right shoulder
  for (const auto& [from, to] : {std::pair{pose::kRightShoulder, pose::kRightElbow},
                                 std::pair{pose::kLeftElbow, pose::kLeftWrist},
                                 std::pair{pose::kLeftWrist, pose::kLeftHand + 3}}) {
    const auto bone = [&](const at::Tensor& xy) { return xy.select(2, to) - xy.select(2, from); };
    const at::Tensor length = bone(is).norm(2, 2) / bone(was).norm(2, 2);  // [B, P]
    EXPECT_LT((length.amax(1) - length.amin(1)).max().item<double>(), 1e-3);
    EXPECT_GT(length.mean(1).log().std().item<double>(), 0.04);
    const at::Tensor angle = at::atan2(bone(is).select(2, 1), bone(is).select(2, 0)) -
                             at::atan2(bone(was).select(2, 1), bone(was).select(2, 0));  // [B, P]
    const at::Tensor sine = angle.sin();
    EXPECT_LT((sine.amax(1) - sine.amin(1)).max().item<double>(), 1e-2);
    EXPECT_GT(sine.mean(1).std().item<double>(), 0.08);
  }
  const auto finger = [](const at::Tensor& xy) {  // relative to the hand's size
    const at::Tensor hand = xy.narrow(2, pose::kRightHand, pose::kHandJoints);
    const at::Tensor width = (hand.select(2, 0) - hand.select(2, 4)).norm(2, 2);
    return (hand.select(2, 9) - hand.select(2, 17)).norm(2, 2) / width;
  };
  EXPECT_TRUE(at::allclose(finger(is), finger(was), 1e-2));
}

TEST(Augment, SwayIsSlowAndMovesAHandAsOne) {
  const at::Tensor before = poses(100);
  const auto after = [&](std::int64_t apart) {
    return points(augmented(before, with({.sway = 0.1}), 0, models::part_of(nullptr, 100), apart));
  };
  const at::Tensor was = points(before);
  const at::Tensor neck = (after(0) - was).select(2, pose::kNeck);  // [B, P, 2]
  EXPECT_NEAR(neck.select(2, 0).std().item<double>(), 0.06, 0.02);
  EXPECT_LT((neck.slice(1, 1) - neck.slice(1, 0, -1)).abs().max().item<double>(), 0.1);
  const at::Tensor is = after(10);
  EXPECT_TRUE(at::allclose(is.slice(1, 90), was.slice(1, 90), 1e-5, 1e-6));
  const auto span = [](const at::Tensor& xy) {
    return (xy.select(2, pose::kLeftHand) - xy.select(2, pose::kLeftHand + 19)).norm(2, 2);
  };
  EXPECT_TRUE(at::allclose(span(is), span(was), 1e-3, 1e-4));
}

}  // namespace
}  // namespace minet::training
