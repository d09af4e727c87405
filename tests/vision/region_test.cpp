#include "vision/region.hpp"

#include <gtest/gtest.h>

#include <numbers>
#include <vector>

#include "vision/filters.hpp"

namespace minet::vision {
namespace {

constexpr double kPi = std::numbers::pi;

TEST(Region, TurnsWhatPointsUpUpwards) {
  EXPECT_NEAR(turn_of({5, 9}, {5, 1}), 0, 1e-12);        // already up
  EXPECT_NEAR(turn_of({5, 5}, {9, 5}), kPi / 2, 1e-12);  // to the right: turned clockwise
  EXPECT_NEAR(turn_of({5, 5}, {1, 5}), -kPi / 2, 1e-12);
  const Region region = region_along({10, 20}, {13, 16});
  EXPECT_NEAR(region.width, 10, 1e-12);
  EXPECT_NEAR(region.center.x, 10, 1e-12);
  // The second point is half a side above the centre.
  const Point up = to_picture(region, 0.5, 0);
  EXPECT_NEAR(up.x, 13, 1e-9);
  EXPECT_NEAR(up.y, 16, 1e-9);
  const Region down = region_along({10, 20}, {13, 16}, true);
  EXPECT_NEAR(to_picture(down, 0.5, 1).x, 13, 1e-9);
}

TEST(Region, IsMovedAlongItsOwnHeight) {
  const Region moved = transformed({{10, 10}, 4, 6, kPi / 2}, -0.5, 2);
  EXPECT_NEAR(moved.center.x, 13, 1e-12);  // the region's up is the image's right
  EXPECT_NEAR(moved.center.y, 10, 1e-12);
  EXPECT_NEAR(moved.width, 12, 1e-12);
  EXPECT_NEAR(moved.height, 12, 1e-12);
}

TEST(Region, OfAHandIsItsTurnedBox) {
  // A hand that points to the right: the fingers' roots in a column, the wrist left of them.
  Hand hand;
  hand.points.fill({50, 30});
  hand.points[0] = {10, 30};
  hand.points[5] = {50, 20}, hand.points[13] = {50, 40}, hand.points[9] = {50, 30};
  hand.points[20] = {90, 90};  // a fingertip does not count
  const Region region = region_of_hand(hand);
  EXPECT_NEAR(region.turn, kPi / 2, 1e-12);
  EXPECT_NEAR(region.center.x, 30, 1e-9);
  EXPECT_NEAR(region.center.y, 30, 1e-9);
  EXPECT_NEAR(region.height, 40, 1e-9);
  EXPECT_NEAR(region.width, 20, 1e-9);
}

struct Made {
  std::vector<std::uint8_t> bytes = std::vector<std::uint8_t>(8 * 6 * 3);
  Picture picture{bytes.data(), 8, 6, 24};
  Made() {
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i);
  }
};

float at(const at::Tensor& tensor, std::int64_t y, std::int64_t x, std::int64_t c) {
  return tensor[0][y][x][c].item<float>();
}

TEST(Crop, AtWholePixelsIsThePictureItself) {
  const Made made;
  // A square of 4 pixels from (2, 1) on.
  const at::Tensor out = crop(made.picture, {{4, 3}, 4, 4, 0}, 4, Border::zero, 0, 255);
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 4; ++x) {
      for (int c = 0; c < 3; ++c) {
        EXPECT_NEAR(at(out, y, x, c), static_cast<float>((y + 1) * 24 + (x + 2) * 3 + c), 1e-4);
      }
    }
  }
  // Turned by a right angle: its rows are the image's columns from right to left, read downwards;
  // row 1 is column 5.
  const at::Tensor turned = crop(made.picture, {{4, 3}, 4, 4, kPi / 2}, 4, Border::zero, 0, 255);
  EXPECT_NEAR(at(turned, 1, 0, 0), 1 * 24 + 5 * 3, 1e-4);
  EXPECT_NEAR(at(turned, 1, 2, 0), 3 * 24 + 5 * 3, 1e-4);
}

TEST(Crop, OutsideIsBlackOrTheBorder) {
  const Made made;
  const Region beside = {{-10, 3}, 4, 4, 0};
  EXPECT_EQ(at(crop(made.picture, beside, 4, Border::zero), 2, 0, 0), 0);
  EXPECT_NEAR(at(crop(made.picture, beside, 4, Border::replicate, 0, 255), 2, 0, 0), 3 * 24, 1e-4);
  EXPECT_EQ(at(crop(made.picture, beside, 4, Border::zero, -1, 1), 0, 0, 2), -1);
  // However far away and large: no crash, and no reading outside.
  crop(made.picture, {{1e12, -1e12}, 1e9, 1e9, 1}, 16, Border::replicate);
}

TEST(Crop, BetweenPixelsIsTheirMean) {
  const Made made;
  const at::Tensor out = crop(made.picture, {{4.5, 3}, 4, 4, 0}, 4, Border::zero, 0, 255);
  EXPECT_NEAR(at(out, 0, 0, 0), 24 + 2 * 3 + 2, 1e-4);  // 1.5 rounded up
}

// The formulas of MediaPipe's OneEuroFilter, computed by hand for two values.
TEST(Filters, OneEuroSmoothsSlowMovesAndFollowsFastOnes) {
  OneEuro slow(0.05, 80);
  EXPECT_EQ(slow(10, 1.0 / 30, 100), 10);
  const double alpha_of_speed = 1 / (1 + 30 / (2 * kPi * 1));
  const double speed = alpha_of_speed * (11 - 10) / 100.0 * 30;
  const double alpha = 1 / (1 + 30 / (2 * kPi * (0.05 + 80 * speed)));
  EXPECT_NEAR(slow(11, 1.0 / 30, 100), 10 + alpha, 1e-12);

  OneEuro near(0.05, 80), far(0.05, 80);
  near(0, 0.04, 1000), far(0, 0.04, 10);
  EXPECT_LT(near(1, 0.04, 1000), far(1, 0.04, 10));
}

TEST(Filters, LowPass) {
  LowPass filter;
  EXPECT_EQ(filter(1, 0.1), 1);
  EXPECT_NEAR(filter(0, 0.1), 0.9, 1e-12);
}

TEST(Joints, AreTheBodysAndTheFingersWithoutWrist) {
  Player player;
  for (std::size_t i = 0; i < player.body.size(); ++i) {
    player.body[i] = {{static_cast<double>(i), 2.0 * static_cast<double>(i)},
                      0.5 + 0.01 * static_cast<double>(i)};
  }
  Hand hand;
  hand.presence = 0.75;
  for (std::size_t i = 0; i < hand.points.size(); ++i)
    hand.points[i] = {40.0 + static_cast<double>(i), 50};
  player.left = hand;
  player.body[16].x = 101;  // the right wrist, outside of the image
  const Joints joints = joints_of(player, 100, 100);
  const auto joint = [&](int j) { return joints.data() + static_cast<std::size_t>(3 * j); };
  EXPECT_FLOAT_EQ(joint(pose::kNeck)[0], 11.5F);
  EXPECT_FLOAT_EQ(joint(pose::kNeck)[2], 0.61F);
  EXPECT_FLOAT_EQ(joint(pose::kRightShoulder)[0], 12);
  EXPECT_FLOAT_EQ(joint(pose::kLeftElbow)[1], 26);
  EXPECT_FLOAT_EQ(joint(pose::kLeftWrist)[0], 15);
  EXPECT_FLOAT_EQ(joint(pose::kRightWrist)[0], 101);
  EXPECT_EQ(joint(pose::kRightWrist)[2], 0);
  EXPECT_FLOAT_EQ(joint(pose::kLeftHand)[0], 41);
  EXPECT_FLOAT_EQ(joint(pose::kLeftHand + 19)[0], 60);
  EXPECT_FLOAT_EQ(joint(pose::kLeftHand)[2], 0.75F);
  for (int i = 0; i < pose::kHandJoints; ++i) EXPECT_EQ(joint(pose::kRightHand + i)[2], 0);
}

}  // namespace
}  // namespace minet::vision
