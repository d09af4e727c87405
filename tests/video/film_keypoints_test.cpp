#include "minet/video/film_keypoints.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "minet/core/errors.hpp"
#include "minet/pose/readers.hpp"
#include "minet/video/holistic_json.hpp"
#include "minet/vision/networks.hpp"
#include "support/input_error.hpp"
#include "video/helpers.hpp"

namespace minet::video {
namespace {

// XNNPACK's threads busy-wait: in parallel with other tests they would take minutes.
const bool kOneThread = (vision::use_threads(1), true);

TEST(HolisticJson, IsReadAsItWasWritten) {
  const TempFolder folder;
  vision::Player player;
  for (std::size_t i = 0; i < player.body.size(); ++i) {
    player.body[i] = {{10.0 + static_cast<double>(i), 100.0 + static_cast<double>(i)}, 0.9};
  }
  vision::Hand hand;
  hand.presence = 0.8;
  for (std::size_t i = 0; i < hand.points.size(); ++i)
    hand.points[i] = {50.0 + static_cast<double>(i), 60};
  hand.points[20] = {-3, 60};  // outside the image
  player.right = hand;
  const Picture picture{nullptr, 200, 400, 600};
  HolisticJson json(folder / "points.json");
  json.add({0, 0.25, picture}, player);
  json.add({1, 0.75, picture}, std::nullopt);
  json.add({2, 1.5, picture}, player);
  EXPECT_FALSE(std::filesystem::exists(folder / "points.json"));
  json.commit();

  const pose::RawPose raw = pose::read_pose(folder / "points.json");
  ASSERT_EQ(raw.frames(), 3);
  EXPECT_NEAR(raw.times[0], 0.25, 1e-9);
  EXPECT_NEAR(raw.times[2], 1.5, 1e-9);
  EXPECT_NEAR(raw.joint(0, pose::kRightWrist)[0], 26, 1e-3);
  EXPECT_NEAR(raw.joint(0, pose::kRightWrist)[1], 116, 1e-3);
  EXPECT_NEAR(raw.joint(0, pose::kRightWrist)[2], 0.9, 1e-3);
  EXPECT_NEAR(raw.joint(2, pose::kRightHand)[0], 51, 1e-3);
  EXPECT_EQ(raw.joint(0, pose::kRightHand + 19)[2], 0);
  EXPECT_EQ(raw.joint(0, pose::kLeftHand)[2], 0);
  EXPECT_EQ(raw.joint(1, pose::kNeck)[2], 0);
}

class RealFilm : public testing::Test {
 protected:
  void SetUp() override {
    if (!shared_data()) GTEST_SKIP() << "no real recordings: set MINET_SHARED_DATA";
    if (!vision::find_networks()) GTEST_SKIP() << "no networks: scripts/setup.sh fetches them";
  }
  static FilmKeypoints find(const std::string& name) {
    return find_keypoints(*shared_data() / name,
                          {.networks = vision::networks_folder(), .person = {}, .each = {}});
  }
};

using Places = std::array<std::pair<int, std::array<double, 2>>, 6>;

// Shoulders, elbows and wrists by mediapipe 0.10.21's solutions.holistic in the first frame
// (compare_with_mediapipe.py); later frames depend on earlier ones, and small differences grow.
void expect_first_picture(const pose::RawPose& raw, const Places& expected) {
  for (const auto& [joint, place] : expected) {
    EXPECT_NEAR(raw.joint(0, joint)[0], place[0], 0.05) << joint;
    EXPECT_NEAR(raw.joint(0, joint)[1], place[1], 0.05) << joint;
    EXPECT_GT(raw.joint(0, joint)[2], 0.5) << joint;
  }
}

TEST_F(RealFilm, TheViolinistIsSeenWithBothHands) {
  const FilmKeypoints found = find("urmp/urmp_vln1_0-5s.mp4");
  const pose::RawPose& raw = found.raw;
  ASSERT_EQ(raw.frames(), 150);
  EXPECT_NEAR(raw.times[149], 149 * 1001 / 30000.0, 1e-3);
  expect_first_picture(raw, {{{pose::kRightShoulder, {116.32, 441.27}},
                              {pose::kRightElbow, {93.51, 549.65}},
                              {pose::kRightWrist, {196.83, 526.79}},
                              {pose::kLeftShoulder, {236.02, 441.93}},
                              {pose::kLeftElbow, {284.31, 519.76}},
                              {pose::kLeftWrist, {366.92, 474.37}}}});
  // The tip of the right index finger.
  EXPECT_NEAR(raw.joint(0, pose::joint_index("right_index_4"))[0], 248.92, 0.5);
  EXPECT_NEAR(raw.joint(0, pose::joint_index("right_index_4"))[1], 529.09, 0.5);
  EXPECT_EQ(found.counts.bodies, 150);
  EXPECT_GE(found.counts.right_hands, 145);
  EXPECT_GE(found.counts.left_hands, 145);  // mediapipe: 62
  // The left hand is at the left wrist, in every frame in which it was found.
  for (std::int64_t i = 0; i < raw.frames(); ++i) {
    const float* const root = raw.joint(i, pose::joint_index("left_middle_1"));
    if (root[2] == 0) continue;
    const float* const wrist = raw.joint(i, pose::kLeftWrist);
    EXPECT_LT(std::hypot(root[0] - wrist[0], root[1] - wrist[1]), 80) << i;
  }
}

TEST_F(RealFilm, ThePianistHasAHiddenHand) {
  const TempFolder folder;
  make_film(folder / "part.avi", {"-i", (*shared_data() / "video/pianist_5s.avi").string(),
                                  "-frames:v", "50", "-c", "copy"});
  const FilmKeypoints found = find_keypoints(
      folder / "part.avi", {.networks = vision::networks_folder(), .person = {}, .each = {}});
  expect_first_picture(found.raw, {{{pose::kRightShoulder, {357.47, 154.56}},
                                    {pose::kRightElbow, {337.59, 220.80}},
                                    {pose::kRightWrist, {329.12, 264.76}},
                                    {pose::kLeftShoulder, {440.52, 163.62}},
                                    {pose::kLeftElbow, {472.22, 213.51}},
                                    {pose::kLeftWrist, {462.34, 262.84}}}});
  EXPECT_EQ(found.counts.right_hands, 0);
  EXPECT_GE(found.counts.left_hands, 35);
  EXPECT_TRUE(found.raw.notices.empty());  // in one of the frames, his hand is taken for a person
}

// The pianist and the violinist, side by side.
TEST_F(RealFilm, OneOfTwoPeopleIsChosen) {
  const TempFolder folder;
  make_film(folder / "two.mp4",
            {"-i", (*shared_data() / "video/pianist_5s.avi").string(), "-i",
             (*shared_data() / "urmp/urmp_vln1_0-5s.mp4").string(), "-filter_complex",
             "[0]crop=400:480:240:0,fps=25[a];[1]crop=448:480:0:244,fps=25[b];[a][b]hstack", "-t",
             "0.6", "-c:v", "libx264", "-crf", "12"});
  const auto two = folder / "two.mp4";
  const auto options = [](int person) {
    return FilmKeypointOptions{.networks = vision::networks_folder(), .person = person, .each = {}};
  };
  const FilmKeypoints left = find_keypoints(two, options(0)),
                      right = find_keypoints(two, options(1));
  EXPECT_LT(left.raw.joint(10, pose::kNeck)[0], 448);
  EXPECT_GT(right.raw.joint(10, pose::kNeck)[0], 448);
  EXPECT_NE(input_error([&] { find_keypoints(two, options(2)); }).find("got 2 people"),
            std::string::npos);
}

// The pianist enters after the first frame; later the violinist is hidden for 0.6 s.
TEST_F(RealFilm, ALostPlayerIsNotReplacedByAnother) {
  const TempFolder folder;
  const std::string pianist =
      "[0]fps=15,crop=400:480:240:0,drawbox=color=gray:t=fill:enable='lt(t,0.2)'[a];";
  const std::string violinist =
      "[1]fps=15,crop=448:480:0:244,drawbox=color=black:t=fill:enable='between(t,1,1.6)'[b];";
  make_film(folder / "two.mp4",
            {"-i", (*shared_data() / "video/pianist_5s.avi").string(), "-i",
             (*shared_data() / "urmp/urmp_vln1_0-5s.mp4").string(), "-filter_complex",
             pianist + violinist + "[a][b]hstack", "-t", "2.4", "-c:v", "libx264", "-crf", "12"});
  const FilmKeypoints found = find_keypoints(
      folder / "two.mp4", {.networks = vision::networks_folder(), .person = {}, .each = {}});
  ASSERT_EQ(found.raw.frames(), 36);
  EXPECT_GE(found.raw.empty_frames, 5);
  EXPECT_LE(found.raw.empty_frames, 12);
  for (std::int64_t i = 0; i < 36; ++i) {
    const float* const neck = found.raw.joint(i, pose::kNeck);
    EXPECT_TRUE(neck[2] == 0 || neck[0] > 400) << i;
  }
  EXPECT_GT(found.raw.joint(35, pose::kNeck)[2], 0.5);
  ASSERT_EQ(found.raw.notices.size(), 1U);
  EXPECT_NE(found.raw.notices[0].sentence.find("2 people are seen in the first frames"),
            std::string::npos);
}

// The violinist alone, who is suddenly elsewhere: found there after two seconds.
TEST_F(RealFilm, APlayerWhoMovesWhileUnseenIsFoundAgain) {
  const TempFolder folder;
  make_film(folder / "cut.mp4",
            {"-f", "lavfi", "-i", "color=gray:s=1200x480:r=10", "-i",
             (*shared_data() / "urmp/urmp_vln1_0-5s.mp4").string(), "-filter_complex",
             "[1]fps=10,crop=448:480:0:244[a];[0][a]overlay=x='if(lt(t,0.45),0,752)'", "-t", "3.5",
             "-c:v", "libx264", "-crf", "12"});
  const pose::RawPose raw =
      find_keypoints(folder / "cut.mp4",
                     {.networks = vision::networks_folder(), .person = {}, .each = {}})
          .raw;
  ASSERT_EQ(raw.frames(), 35);
  EXPECT_LT(raw.joint(3, pose::kNeck)[0], 448);
  for (std::int64_t i = 6; i < 24; ++i) EXPECT_EQ(raw.joint(i, pose::kNeck)[2], 0) << i;
  EXPECT_GT(raw.joint(30, pose::kNeck)[0], 752);
  EXPECT_TRUE(raw.notices.empty());
}

TEST(Film, WithoutAnybodyIsRefused) {
  if (!vision::find_networks()) GTEST_SKIP() << "no networks: scripts/setup.sh fetches them";
  const TempFolder folder;
  make_counting_film(folder / "grey.mp4", 8, "N/25");
  const std::string message = input_error([&] {
    find_keypoints(folder / "grey.mp4",
                   {.networks = vision::networks_folder(), .person = {}, .each = {}});
  });
  EXPECT_NE(message.find("grey.mp4: expected a person in the video, got nobody in 8 frames"),
            std::string::npos)
      << message;
}

}  // namespace
}  // namespace minet::video
