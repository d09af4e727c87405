// Resampling by time stamp, normalisation and windows.
#include "minet/pose/prepare.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "pose/pose_fixtures.hpp"

namespace minet::pose {
namespace {

// Joint j of frame f at x = 100 t + j, y = -50 t.
RawPose linear_motion(std::int64_t frames, double fps) {
  RawPose pose = made_raw(frames, 1, fps);
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    const double t = pose.times[static_cast<std::size_t>(frame)];
    for (int joint = 0; joint < kJoints; ++joint) {
      set(pose.joint(frame, joint), 100 * t + joint, -50 * t, 1);
    }
  }
  return pose;
}

TEST(Resample, TheSameRateIsACopy) {
  RawPose pose = made_raw(7503);
  for (std::size_t i = 0; i < pose.data.size(); ++i) {
    pose.data[i] = static_cast<float>((i * 7919) % 10007) / 10007;
  }
  const PoseSequence result = resample(pose, 25);
  EXPECT_EQ(result.frames, 7503);
  EXPECT_EQ(result.data, pose.data);
}

TEST(Resample, FollowsTimeStampsWithoutDriftOverFiveMinutes) {
  for (const double fps : {30000.0 / 1001, 24.0, 24000.0 / 1001, 30.0, 50.0, 59.94, 12.5}) {
    const auto frames = static_cast<std::int64_t>(std::floor(300 * fps)) + 1;
    const RawPose pose = linear_motion(frames, fps);
    const PoseSequence result = resample(pose, 25);
    EXPECT_EQ(result.frames,
              static_cast<std::int64_t>(std::floor(pose.times.back() * 25 + 1e-6)) + 1);
    for (std::int64_t i = 0; i < result.frames; ++i) {
      const double t = static_cast<double>(i) / 25;
      ASSERT_NEAR(result.joint(i, 40)[0], 100 * t + 40, 5e-3) << fps << " frame " << i;
      ASSERT_NEAR(result.joint(i, 40)[1], -50 * t, 5e-3) << fps << " frame " << i;
    }
  }
}

TEST(Resample, NtscVideoOfFiveMinutesHasTheFramesOfFiveMinutes) {
  // 8991 frames at 30000/1001: the last one at 299.966 s, in frame 7499 of 25 a second.
  EXPECT_EQ(resample(linear_motion(8991, 30000.0 / 1001), 25).frames, 7500);
  // Four seconds of it are 119.88 frames, still 100 of ours.
  EXPECT_EQ(resample(linear_motion(120, 30000.0 / 1001), 25).frames, 100);
}

TEST(Resample, ConfidenceIsTheLowerNeighbours) {
  RawPose pose = linear_motion(3, 10);  // 0, 0.1, 0.2 s
  set(pose.joint(1, kNeck), 10, -5, 0.3);
  const PoseSequence result = resample(pose, 20);  // every second frame is between two
  ASSERT_EQ(result.frames, 5);
  const std::array<float, 5> expected = {1, 0.3F, 0.3F, 0.3F, 1};
  for (std::int64_t i = 0; i < 5; ++i) {
    EXPECT_FLOAT_EQ(result.joint(i, kNeck)[2], expected[static_cast<std::size_t>(i)]);
  }
}

TEST(Resample, UnevenTimeStampsAreRespected) {
  RawPose pose = linear_motion(4, 25);
  pose.times = {0, 0.01, 0.1, 0.35};
  for (std::int64_t frame = 0; frame < 4; ++frame) {
    set(pose.joint(frame, kNeck), 1000 * pose.times[static_cast<std::size_t>(frame)], 0, 1);
  }
  const PoseSequence result = resample(pose, 25);
  ASSERT_EQ(result.frames, 9);  // 0 to 0.32 s
  for (std::int64_t i = 0; i < 9; ++i) {
    EXPECT_NEAR(result.joint(i, kNeck)[0], 40.0 * static_cast<double>(i), 1e-3);
  }
}

TEST(Resample, OneFrameStaysOne) {
  const PoseSequence result = resample(linear_motion(1, 25), 25);
  EXPECT_EQ(result.frames, 1);
  EXPECT_EQ(result.joint(0, 7)[0], 7);
}

TEST(Resample, RefusesWhatIsNoSequence) {
  RawPose pose = linear_motion(3, 25);
  EXPECT_NE(sentence_of_error([&] { resample(pose, 0); }).find("frame rate"), std::string::npos);
  pose.times[2] = pose.times[1];
  EXPECT_NE(sentence_of_error([&] { resample(pose, 25); }).find("rising time stamps"),
            std::string::npos);
  pose.times[2] = 1e9;
  EXPECT_NE(sentence_of_error([&] { resample(pose, 25); }).find("at most 1000000 frames"),
            std::string::npos);
  EXPECT_NE(sentence_of_error([] { resample(RawPose{}, 25); }).find("rising"), std::string::npos);
}

PoseSequence two_shoulders(std::int64_t frames) {
  PoseSequence pose{.fps = 25,
                    .frames = frames,
                    .data = std::vector<float>(static_cast<std::size_t>(frames) * 141, 0.0F)};
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    for (int joint = 0; joint < kJoints; ++joint) {
      set(pose.joint(frame, joint), 300, 200, 1);
    }
    set(pose.joint(frame, kRightShoulder), 270, 240, 1);  // 30, 40 from the neck: 50
    set(pose.joint(frame, kLeftShoulder), 330, 160, 1);   // 100 from the other one
    set(pose.joint(frame, kRightElbow), 270, 320, 1);     // arm 80
  }
  return pose;
}

TEST(Normalise, CentresTheMedianNeckAndDividesByTheMedianShoulders) {
  PoseSequence pose = two_shoulders(5);
  set(pose.joint(0, kNeck), 9000, -9000, 1);  // one stray frame moves no median
  set(pose.joint(1, kLeftShoulder), 5000, 5000, 1);
  const PoseScale scale = normalise(pose);
  EXPECT_DOUBLE_EQ(scale.center_x, 300);
  EXPECT_DOUBLE_EQ(scale.center_y, 200);
  EXPECT_DOUBLE_EQ(scale.width, 100);
  EXPECT_FLOAT_EQ(pose.joint(2, kNeck)[0], 0);
  EXPECT_FLOAT_EQ(pose.joint(2, kRightElbow)[0], -0.3F);
  EXPECT_FLOAT_EQ(pose.joint(2, kRightElbow)[1], 1.2F);  // the same factor: aspect kept
  EXPECT_FLOAT_EQ(pose.joint(0, kNeck)[0], 87);
  EXPECT_EQ(pose.joint(2, kRightElbow)[2], 1);
}

TEST(Normalise, DoesNotDependOnTheSourcesScaleAndPlace) {
  PoseSequence pixels = two_shoulders(4), scaled = pixels;
  set(pixels.joint(3, kLeftWrist), 310, 111, 1);
  set(scaled.joint(3, kLeftWrist), 310, 111, 1);
  for (std::int64_t frame = 0; frame < 4; ++frame) {
    for (int joint = 0; joint < kJoints; ++joint) {
      float* at = scaled.joint(frame, joint);
      at[0] = at[0] / 640 - 1;  // -1..1, as --keypoint_scale 4 writes
      at[1] = at[1] / 640 - 1;
    }
  }
  normalise(pixels);
  normalise(scaled);
  for (std::size_t i = 0; i < pixels.data.size(); ++i) {
    ASSERT_NEAR(pixels.data[i], scaled.data[i], 1e-4);
  }
}

TEST(Normalise, TwiceTheOtherShoulderStandsInForAMissingOne) {
  PoseSequence pose = two_shoulders(3);
  for (std::int64_t frame = 0; frame < 3; ++frame) {
    set(pose.joint(frame, kLeftShoulder), 300, 200, 0);  // never seen: on the neck
  }
  EXPECT_DOUBLE_EQ(normalise(pose).width, 100);
}

TEST(Normalise, TheArmStandsInForBothShoulders) {
  PoseSequence pose = two_shoulders(3);
  for (std::int64_t frame = 0; frame < 3; ++frame) {
    set(pose.joint(frame, kLeftShoulder), 300, 200, 0);
    set(pose.joint(frame, kRightShoulder), 300, 200, 0);
    set(pose.joint(frame, kRightElbow), 300, 280, 1);
    set(pose.joint(frame, kRightWrist), 300, 280, 1);
  }
  EXPECT_DOUBLE_EQ(normalise(pose).width, 80);
}

TEST(Normalise, LengthsThatAreNoneDoNotThrowCoordinatesOutOfRange) {
  PoseSequence pose{.fps = 25, .frames = 1, .data = std::vector<float>(kJoints * 3, 0.5F)};
  pose.joint(0, kNeck)[0] += 1e-40F;
  pose.joint(0, kNeck)[1] = 1e-40F;
  for (int joint = kNeck + 1; joint <= kLeftWrist; ++joint) pose.joint(0, joint)[1] = 0;
  normalise(pose);
  for (const float value : pose.data) EXPECT_TRUE(std::isfinite(value));
}

TEST(Normalise, NeverDividesByZero) {
  PoseSequence pose{.fps = 25, .frames = 2, .data = std::vector<float>(282, 5.0F)};
  EXPECT_DOUBLE_EQ(normalise(pose).width, 1);
  for (int joint = 0; joint < kJoints; ++joint) {
    EXPECT_EQ(pose.joint(0, joint)[0], 0);
  }
  PoseSequence nothing{.fps = 25, .frames = 0, .data = {}};
  EXPECT_DOUBLE_EQ(normalise(nothing).width, 1);
}

TEST(PoseWindow, IsXAndYByJointAtTheAskedTimes) {
  const PoseSequence pose = resample(linear_motion(251, 25), 25);
  const std::vector<float> window = pose_window(pose, 2.5, 100);
  ASSERT_EQ(window.size(), 9400U);
  for (std::size_t i = 0; i < 100; ++i) {
    const double t = 2.5 + static_cast<double>(i) / 25;
    for (std::size_t joint = 0; joint < 47; ++joint) {
      ASSERT_NEAR(window[i * 94 + 2 * joint], 100 * t + static_cast<double>(joint), 1e-3);
      ASSERT_NEAR(window[i * 94 + 2 * joint + 1], -50 * t, 1e-3);
    }
  }
}

TEST(PoseWindow, InterpolatesBetweenFramesAndAtOtherRates) {
  const PoseSequence pose = resample(linear_motion(251, 25), 25);
  const std::vector<float> window = pose_window(pose, 1.013, 40, 62.5);
  for (std::size_t i = 0; i < 40; ++i) {
    ASSERT_NEAR(window[i * 94], 100 * (1.013 + static_cast<double>(i) / 62.5), 1e-3);
  }
}

TEST(PoseWindow, HoldsTheFirstAndLastFrameBeyondTheEnds) {
  const PoseSequence pose = resample(linear_motion(26, 25), 25);  // 0 to 1 s
  const std::vector<float> window = pose_window(pose, -1, 100);   // -1 to 2.96 s
  EXPECT_FLOAT_EQ(window[0], 0);
  EXPECT_FLOAT_EQ(window[24 * 94], 0);
  EXPECT_NEAR(window[30 * 94], 20, 1e-4);
  EXPECT_FLOAT_EQ(window[99 * 94], 100);
  EXPECT_FLOAT_EQ(pose_window(pose, 1e12, 1)[0], 100);
}

TEST(PoseWindow, RefusesWhatCannotBeCut) {
  const PoseSequence pose = resample(linear_motion(2, 25), 25);
  const PoseSequence none;
  for (const auto& call : std::vector<std::function<void()>>{
           [&] { pose_window(none, 0, 1); }, [&] { pose_window(pose, 0, -1); },
           [&] { pose_window(pose, std::nan(""), 1); }, [&] { pose_window(pose, 0, 1, 0); }}) {
    EXPECT_NE(sentence_of_error(call).find("window"), std::string::npos);
  }
}

using PreparePose = PoseFolder;

TEST_F(PreparePose, ReadsFillsAndResamples) {
  for (const int frame : {0, 1, 2, 4, 5, 6, 7, 8, 9, 10}) {  // 3 is absent
    write(std::to_string(frame) + "_keypoints.json", frame_json({{.x = 100.0 + 10 * frame}}));
  }
  GapReport report;
  const PoseSequence pose = prepare_pose(folder(), {.read = {.fps = 50}}, &report);
  EXPECT_EQ(pose.frames, 6);
  EXPECT_DOUBLE_EQ(pose.fps, 25);
  for (std::int64_t i = 0; i < 6; ++i) {
    EXPECT_NEAR(pose.joint(i, kNeck)[0], 110 + 20 * static_cast<double>(i), 1e-3);
    EXPECT_NEAR(pose.joint(i, 46)[0], 1300 + 20 * static_cast<double>(i), 1e-3);
  }
  EXPECT_EQ(report.absent_frames, 1);
  EXPECT_NEAR(report.share(), 1.0 / 11, 1e-12);
  EXPECT_EQ(prepare_pose(folder(), {.read = {.fps = 50}}).data, pose.data);
}

TEST_F(PreparePose, PreparingAPreparedSequenceChangesNothing) {
  for (int frame = 0; frame < 8; ++frame) {
    write(std::to_string(frame) + "_keypoints.json",
          frame % 3 == 2 ? R"({"people":[]})"
                         : frame_json({{.x = 100.0 + frame * frame, .hands = frame > 3}}));
  }
  const PoseSequence once = prepare_pose(folder());
  save_pose_npy(folder() / "pose.npy", once);
  EXPECT_EQ(prepare_pose(folder() / "pose.npy").data, once.data);
}

TEST_F(PreparePose, NamesTheFileWhereNoNeckIsSeen) {
  std::string body = numbers_json(0, 0, 0, 2, 0);
  body.back() = ',';
  write("0_keypoints.json", "{\"people\":[{\"pose_keypoints_2d\":" + body +
                                numbers_json(5, 5, 1, 23, 1).substr(1) + "}]}");
  const std::string message = sentence_of_error([&] { prepare_pose(folder()); });
  EXPECT_NE(message.find(folder().string()), std::string::npos) << message;
  EXPECT_NE(message.find("no frame shows the neck"), std::string::npos) << message;
}

}  // namespace
}  // namespace minet::pose
