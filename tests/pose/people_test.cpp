// Several people in OpenPose files: which one is followed.
#include <gtest/gtest.h>

#include "minet/pose/readers.hpp"
#include "pose/pose_fixtures.hpp"

namespace minet::pose {
namespace {

using People = PoseFolder;

constexpr MadePerson kSmall{.x = 100, .scale = 5};
constexpr MadePerson kLarge{.x = 600, .scale = 20};
constexpr MadePerson kLargestNoHands{.x = 1200, .scale = 40, .hands = false};

float neck_x(const RawPose& pose, std::int64_t frame) {
  return pose.joint(frame, kNeck)[0];
}

TEST_F(People, TheLargestWithHandsIsFollowedWhenTheOrderChanges) {
  MadePerson moved = kLarge;
  for (int i = 0; i < 6; ++i) {
    moved.x = kLarge.x + 4 * i;
    write(std::to_string(i) + "_keypoints.json",
          i % 2 == 0 ? frame_json({kSmall, moved, kLargestNoHands})
                     : frame_json({kLargestNoHands, moved, kSmall}));
  }
  const RawPose pose = read_pose(folder());
  EXPECT_EQ(pose.multi_person_frames, 6);
  for (int i = 0; i < 6; ++i) {
    EXPECT_FLOAT_EQ(neck_x(pose, i), 620.0F + 4.0F * static_cast<float>(i));
  }
}

TEST_F(People, NobodyElseIsTakenWhileThePlayerIsAway) {
  for (int i = 0; i < 6; ++i) {
    write(std::to_string(i) + "_keypoints.json",
          i == 2 || i == 3 ? frame_json({kSmall}) : frame_json({kSmall, kLarge}));
  }
  const RawPose pose = read_pose(folder());
  EXPECT_EQ(pose.empty_frames, 2);
  EXPECT_EQ(pose.joint(2, kNeck)[2], 0);
  EXPECT_EQ(pose.joint(3, kNeck)[2], 0);
  EXPECT_FLOAT_EQ(neck_x(pose, 4), 620);
}

TEST_F(People, APersonWithoutNeckAndShouldersIsFollowedByTheArms) {
  write("0_keypoints.json", frame_json({kSmall, kLarge}));
  std::string body = "0,0,0, 0,0,0, 0,0,0";  // nose, neck, right shoulder
  for (int i = 3; i < 25; ++i) {
    body += i == 5 ? ",0,0,0" : text(",", 600 + 20 * i, ",", 50 + 20 * i, ",1");
  }
  write("1_keypoints.json",
        "{\"people\":[" + person_json(kSmall) + ",{\"pose_keypoints_2d\":[" + body + "]}]}");
  const RawPose pose = read_pose(folder());
  EXPECT_FLOAT_EQ(pose.joint(1, kRightElbow)[0], 660);
}

TEST_F(People, ANumberIsAPlaceAndNotAPositionInTheList) {
  write("0_keypoints.json", frame_json({kLarge, kSmall}));
  write("1_keypoints.json", frame_json({kSmall, kLarge}));
  write("2_keypoints.json", frame_json({kLarge}));
  const RawPose left = read_pose(folder(), {.person = 0});
  EXPECT_FLOAT_EQ(neck_x(left, 0), 105);
  EXPECT_FLOAT_EQ(neck_x(left, 1), 105);
  EXPECT_EQ(left.joint(2, kNeck)[2], 0);
  EXPECT_EQ(left.empty_frames, 1);
  EXPECT_FLOAT_EQ(neck_x(read_pose(folder(), {.person = 1}), 2), 620);
}

TEST_F(People, PeopleOfZerosAreNotCounted) {
  const MadePerson zeros{.x = 0, .y = 0, .scale = 0, .confidence = 0};
  write("0_keypoints.json", frame_json({zeros, kSmall}));
  EXPECT_FLOAT_EQ(neck_x(read_pose(folder(), {.person = 0}), 0), 105);
  sentence_of_error([&] { read_pose(folder(), {.person = 1}); });
}

// Two players side by side, the left one not seen in some frames.
TEST_F(People, ALostPlayerIsNotExchangedForANeighbour) {
  constexpr MadePerson left{.x = 100, .scale = 20};
  for (const int apart : {200, 450}) {
    for (const int lost : {5, 25, 60}) {
      const MadePerson right{.x = 100.0 + apart, .scale = 20};
      for (int i = 0; i < 80; ++i) {
        const bool hidden = i >= 10 && i < 10 + lost;
        write(std::to_string(1000 + i) + "_keypoints.json",
              hidden ? frame_json({right}) : frame_json({right, left}));
      }
      const RawPose pose = read_pose(folder(), {.person = 0});
      EXPECT_EQ(pose.empty_frames, lost);
      for (int i = 0; i < 80; ++i) {
        const float* const neck = pose.joint(i, kNeck);
        EXPECT_TRUE(neck[2] == 0 || neck[0] == 120.0F) << apart << " " << lost << " " << i;
      }
      EXPECT_FLOAT_EQ(neck_x(read_pose(folder(), {.person = 1}), 20),
                      120.0F + static_cast<float>(apart));
    }
  }
}

TEST_F(People, APlayerIsTakenUpElsewhereAfterACut) {
  for (int i = 0; i < 200; ++i) {
    const MadePerson player{.x = i < 30 ? 100.0 : 900.0, .scale = 20};
    write(std::to_string(1000 + i) + "_keypoints.json",
          i == 5 ? frame_json({player, kSmall}) : frame_json({player}));
  }
  const RawPose pose = read_pose(folder());
  EXPECT_EQ(pose.empty_frames, 0);
  EXPECT_FLOAT_EQ(neck_x(pose, 10), 120);
  EXPECT_FLOAT_EQ(neck_x(pose, 199), 920);
  EXPECT_NE(text_of(pose.notices, NoticeKind::identity).find("taken up elsewhere 1 time"),
            std::string::npos);
}

TEST_F(People, AGhostInOneFrameDoesNotCount) {
  const MadePerson ghost{.x = 10, .scale = 3, .confidence = 0.15};
  for (int i = 0; i < 30; ++i) {
    write(std::to_string(1000 + i) + "_keypoints.json",
          i == 20 ? frame_json({kSmall, ghost, kLarge}) : frame_json({kSmall, kLarge}));
  }
  EXPECT_FLOAT_EQ(neck_x(read_pose(folder(), {.person = 0}), 5), 105);
  EXPECT_FLOAT_EQ(neck_x(read_pose(folder(), {.person = 1}), 5), 620);
  EXPECT_EQ(text_of(read_pose(folder(), {.person = 1, .people = 2}).notices, NoticeKind::identity),
            "");
  EXPECT_NE(text_of(read_pose(folder(), {.person = 1, .people = 3}).notices, NoticeKind::identity)
                .find("there should be 3"),
            std::string::npos);
}

TEST_F(People, CountingIsFromTheLeftAndFollowsBothWays) {
  const MadePerson third{.x = 1500, .scale = 10};
  write("0_keypoints.json", frame_json({kLarge, kSmall}));
  write("1_keypoints.json", frame_json({third, kLarge, kSmall}));
  write("2_keypoints.json", frame_json({kSmall, third, kLarge}));
  for (const auto& [person, x] : {std::pair(0, 105.0F), {1, 620.0F}, {2, 1510.0F}}) {
    const RawPose pose = read_pose(folder(), {.person = person});
    if (person == 2) {
      EXPECT_EQ(pose.joint(0, kNeck)[2], 0);
    } else {
      EXPECT_FLOAT_EQ(neck_x(pose, 0), x);
    }
    EXPECT_FLOAT_EQ(neck_x(pose, 1), x);
    EXPECT_FLOAT_EQ(neck_x(pose, 2), x);
  }
}

TEST_F(People, APersonBeyondThoseSeenIsRefused) {
  write("0_keypoints.json", frame_json({kSmall, kLarge}));
  for (const int person : {2, -1}) {
    const std::string message = sentence_of_error([&] { read_pose(folder(), {.person = person}); });
    EXPECT_NE(message.find("got 2 people seen"), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace minet::pose
