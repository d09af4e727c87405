// Several people in OpenPose files: which one is followed.
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "minet/pose/readers.hpp"
#include "pose/pose_fixtures.hpp"

namespace minet::pose {
namespace {

// Writes frames of people.
class People : public PoseFolder {
 protected:
  void film(int frames, const std::function<std::vector<MadePerson>(int)>& people) const {
    for (int i = 0; i < frames; ++i) write(text(i, "_keypoints.json"), frame_json(people(i)));
  }
  // Expects the neck at `x` in every frame, and a gap where that is nullopt.
  void expect_neck(const ReadPoseOptions& options,
                   const std::function<std::optional<double>(int)>& x) const {
    const RawPose pose = read_pose(folder(), options);
    for (int i = 0; i < pose.frames(); ++i) {
      const float* neck = pose.joint(i, kNeck);
      ASSERT_EQ(neck[2] > 0, x(i).has_value()) << "frame " << i;
      ASSERT_NEAR(neck[0], x(i).value_or(0), 0.1) << "frame " << i;
    }
  }
  std::string identity(const ReadPoseOptions& options = {}) const {
    return text_of(read_pose(folder(), options).notices, NoticeKind::identity);
  }
};

// A seated player whose neck is at x = `neck`; the body's size is 170, the shoulders' distance 85.
MadePerson seated(double neck) {
  return {.x = neck - 20, .scale = 20};
}
// Two joints or more, in one place, that a tool takes for a person.
MadePerson ghost(double x, double confidence) {
  return {.x = x, .scale = 3, .hands = false, .confidence = confidence};
}

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

TEST_F(People, CountingIsWhereMostPeopleAreSeenAndFollowsBothWays) {
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
    EXPECT_NE(message.find("got 2 people"), std::string::npos) << message;
  }
}

TEST_F(People, ALostPlayerIsNotExchangedForTheNeighbour) {
  for (const int lost : {1, 5, 60}) {
    for (const double neighbour : {395.0, 700.0}) {
      const auto away = [&](int i) { return i >= 20 && i < 20 + lost; };
      film(100, [&](int i) {
        std::vector<MadePerson> people = {seated(neighbour)};
        if (!away(i)) people.insert(people.begin() + i % 2, seated(300));
        return people;
      });
      const auto left = [&](int i) { return away(i) ? std::nullopt : std::optional(300.0); };
      ASSERT_NO_FATAL_FAILURE(expect_neck({.person = 0}, left)) << lost << " at " << neighbour;
      ASSERT_NO_FATAL_FAILURE(expect_neck({.person = 1}, [&](int) { return neighbour; }));
      EXPECT_EQ(identity({.person = 0}), "");
    }
  }
}

TEST_F(People, ANeighbourWhoComesWhileThePlayerIsLostIsSomebodyElse) {
  const auto away = [](int i) { return i >= 40 && i < 60; };
  film(100, [&](int i) {
    std::vector<MadePerson> people;
    if (!away(i)) people.push_back(seated(300));
    if (i >= 45) people.push_back(seated(400));
    return people;
  });
  expect_neck({.person = 0}, [&](int i) { return away(i) ? std::nullopt : std::optional(300.0); });
  expect_neck({.person = 1}, [](int i) { return i < 45 ? std::nullopt : std::optional(400.0); });
}

TEST_F(People, OneOfTwoWhoAreLostIsFoundInTheirOwnPlace) {
  film(80, [](int i) {
    if (i >= 30 && i < 50) return std::vector<MadePerson>();
    if (i >= 50 && i < 60) return std::vector<MadePerson>{seated(400)};
    return std::vector<MadePerson>{seated(300), seated(400)};
  });
  expect_neck({.person = 0},
              [](int i) { return i >= 30 && i < 60 ? std::nullopt : std::optional(300.0); });
}

TEST_F(People, APlayerWhoMovesWhileLostIsFollowedBesideAnother) {
  const auto x = [](int i) -> std::optional<double> {
    if (i % 20 >= 17) return std::nullopt;
    return 300 + 5 * i;
  };
  film(100, [&](int i) {
    std::vector<MadePerson> people = {{.x = 1500, .scale = 5}};
    if (x(i)) people.push_back(seated(*x(i)));
    return people;
  });
  expect_neck({}, x);
  EXPECT_EQ(identity(), "");
}

TEST_F(People, DetectionsThatJitterAreOnePerson) {
  const auto x = [](int i) { return 400.0 + 45 * (i * 7 % 5 - 2); };
  film(100, [&](int i) { return std::vector<MadePerson>{seated(x(i)), seated(900)}; });
  expect_neck({.person = 0}, x);
}

TEST_F(People, APlayerFoundInAnotherPlaceIsDoubted) {
  const auto x = [](int i) -> std::optional<double> {
    if (i >= 30 && i < 60) return std::nullopt;
    return i < 30 ? 300 : 900;
  };
  film(100, [&](int i) {
    std::vector<MadePerson> people;
    if (x(i)) people.push_back(seated(*x(i)));
    if (i == 10) people.push_back(ghost(1500, 0.9));
    return people;
  });
  expect_neck({}, x);
  EXPECT_NE(identity().find("found again in another place in frame 60"), std::string::npos)
      << identity();
}

TEST_F(People, APlayerIsFoundAfterEachCut) {
  const auto x = [](int i) { return i / 25 % 2 == 0 ? 300.0 : 1200.0; };
  film(100, [&](int i) {
    std::vector<MadePerson> people = {seated(x(i))};
    if (i == 10) people.push_back(ghost(2500, 0.9));
    return people;
  });
  expect_neck({}, x);
  EXPECT_NE(identity().find("3 times, first in frame 25"), std::string::npos) << identity();
}

TEST_F(People, AFalseDetectionDoesNotHideThePlayerWhoMovesAwayFromIt) {
  for (const double later : {395.0, 1200.0}) {  // a step aside, a cut
    for (const double false_one : {330.0, 385.0, 1150.0}) {
      const auto x = [&](int i) { return i < 100 ? 300.0 : later; };
      film(200, [&](int i) {
        std::vector<MadePerson> people = {seated(x(i))};
        if (i >= 20 && i < 28) people.push_back(ghost(false_one, 0.9));
        return people;
      });
      SCOPED_TRACE(text(later, " ", false_one));
      ASSERT_NO_FATAL_FAILURE(expect_neck({}, x));
    }
  }
}

TEST_F(People, AFalseDetectionDoesNotHideTheEndOfARecording) {
  const auto x = [](int i) { return i < 150 ? 300.0 : 1200.0; };
  film(200, [&](int i) {
    std::vector<MadePerson> people = {seated(x(i))};
    if (i >= 20 && i < 29) people.push_back(ghost(1150, 0.9));  // a sixth of what follows
    return people;
  });
  expect_neck({}, x);
}

TEST_F(People, APlayerSeenInShortPartsIsNotExchanged) {
  const auto x = [](int i) -> std::optional<double> {
    if (i < 100) return 300;
    return i % 12 < 7 ? std::optional(300.0 + 100 * (i / 12 - 8)) : std::nullopt;
  };
  film(192, [&](int i) {
    std::vector<MadePerson> people;
    if (x(i)) people.push_back(seated(*x(i)));
    if (i >= 100) people.push_back(seated(3000));
    return people;
  });
  expect_neck({.person = 0}, x);
}

TEST_F(People, AFalseDetectionIsNotCounted) {
  for (const double confidence : {0.15, 0.9}) {
    film(60, [&](int i) {
      std::vector<MadePerson> people = {seated(300), seated(750)};
      if (i == 33) people.insert(people.begin(), ghost(50, confidence));
      return people;
    });
    ASSERT_NO_FATAL_FAILURE(expect_neck({.person = 0}, [](int) { return 300; }));
    ASSERT_NO_FATAL_FAILURE(expect_neck({.person = 1}, [](int) { return 750; }));
    const std::string message = sentence_of_error([&] { read_pose(folder(), {.person = 2}); });
    EXPECT_NE(message.find("got 2 people"), std::string::npos) << message;
  }
}

TEST_F(People, AFalseDetectionWithHandsIsNotThePlayer) {
  film(60, [](int i) {
    MadePerson player = seated(300);
    player.hands = i % 3 == 0;
    std::vector<MadePerson> people = {player};
    if (i == 33) people.push_back(seated(900));
    return people;
  });
  expect_neck({}, [](int) { return 300; });
}

TEST_F(People, WhoComesLateIsCounted) {
  const auto late = [](int i) { return i < 80 ? std::nullopt : std::optional(100.0); };
  film(100, [&](int i) {
    std::vector<MadePerson> people = {seated(500)};
    if (late(i)) people.push_back(seated(*late(i)));
    return people;
  });
  expect_neck({.person = 0}, late);
  expect_neck({.person = 1}, [](int) { return 500; });
}

TEST_F(People, MoreFalseDetectionsThanCanBeFollowedDoNotMatter) {
  film(700, [](int i) {
    std::vector<MadePerson> people = {seated(300), ghost(1000 + 60.0 * i, 0.9)};
    if (i >= 100 && i < 600) people.erase(people.begin());
    return people;
  });
  expect_neck({.person = 0},
              [](int i) { return i >= 100 && i < 600 ? std::nullopt : std::optional(300.0); });
}

TEST_F(People, IfMoreAreSeenThanPlayThoseSeenLongestCount) {
  film(60, [](int i) {
    std::vector<MadePerson> people = {seated(300), seated(750)};
    if (i % 3 == 0) people.push_back(seated(50));
    return people;
  });
  expect_neck({.person = 0}, [](int i) { return i % 3 == 0 ? std::optional(50.0) : std::nullopt; });
  expect_neck({.person = 0, .players = 2}, [](int) { return 300; });
  expect_neck({.person = 1, .players = 2}, [](int) { return 750; });
  const auto warning = [&](int players) {
    return text_of(read_pose(folder(), {.person = 0, .players = players}).notices,
                   NoticeKind::players);
  };
  EXPECT_NE(warning(2).find("3 people are seen, but 2 play"), std::string::npos) << warning(2);
  EXPECT_NE(warning(4).find("3 people are seen, but 4 play"), std::string::npos) << warning(4);
  EXPECT_EQ(warning(3), "");
}

TEST_F(People, AFalseDetectionWithATrackersNumberIsNotThePlayer) {
  std::string list;
  const auto add = [&](int frame, double x, int id, bool hands) {
    list += text(list.empty() ? "" : ",", "{\"image_id\":\"", frame, ".jpg\",\"keypoints\":[");
    for (int point = 0; point < 136; ++point) {
      const bool seen = hands || point < 94;  // AlphaPose's hands are the last 42 points
      list += text(point > 0 ? "," : "", x + 5 * point, ",", 50 + 5 * point, seen ? ",0.9" : ",0");
    }
    list += text("],\"idx\":", id, "}");
  };
  for (int i = 0; i < 40; ++i) {
    add(i, 300, 1, /*hands=*/i % 3 == 0);
    if (i == 20) add(i, 5000, 2, /*hands=*/true);
  }
  EXPECT_EQ(read_pose(write("people.json", "[" + list + "]")).empty_frames, 0);
}

}  // namespace
}  // namespace minet::pose
