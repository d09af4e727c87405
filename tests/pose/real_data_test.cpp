// Every available real keypoint file is accepted, or refused for the expected reason.
// The files are not part of the repository: MINET_SHARED_DATA or ../shared/data.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "minet/pose/draw.hpp"
#include "minet/pose/prepare.hpp"
#include "pose/pose_fixtures.hpp"

namespace minet::pose {
namespace {

class RealData : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto root = shared_data();
    if (!root) {
      GTEST_SKIP() << "no real recordings: set MINET_SHARED_DATA or put them at ../shared/data";
    }
    root_ = *root;
  }
  std::filesystem::path path(const std::string& name) const { return root_ / name; }

  // Everything down to a window and a drawing must be finite.
  void expect_usable(const std::string& name) const {
    PoseSequence pose = prepare_pose(path(name));
    expect_finite(pose.data);
    EXPECT_FALSE(draw_svg(pose).empty());
    const PoseScale scale = normalise(pose);
    EXPECT_GT(scale.width, 10) << name;
    const std::vector<float> window = pose_window(pose, 0, 100);
    EXPECT_EQ(window.size(), 9400U);
    expect_finite(window);
  }
  static void expect_finite(const std::vector<float>& values) {
    for (const float value : values) {
      ASSERT_TRUE(std::isfinite(value));
    }
  }

 private:
  std::filesystem::path root_;
};

double mean_distance(const RawPose& pose, int first, int wrist) {
  double sum = 0;
  for (std::int64_t frame = 0; frame < pose.frames(); ++frame) {
    for (int i = 0; i < kHandJoints; ++i) {
      sum += std::hypot(pose.joint(frame, first + i)[0] - pose.joint(frame, wrist)[0],
                        pose.joint(frame, first + i)[1] - pose.joint(frame, wrist)[1]);
    }
  }
  return sum / static_cast<double>(pose.frames() * kHandJoints);
}

TEST_F(RealData, TheSolosSaxophonistHasHisHandsOnTheirOwnWrists) {
  const RawPose pose = read_pose(path("solos/skeleton_OqH9szlahwU_f0000-0899.npy"));
  ASSERT_EQ(pose.frames(), 900);
  EXPECT_EQ(pose.format, "Solos npy");
  // Mean distances in px, by numpy.
  EXPECT_NEAR(mean_distance(pose, kRightHand, kRightWrist), 97.17, 0.01);
  EXPECT_NEAR(mean_distance(pose, kRightHand, kLeftWrist), 328.60, 0.01);
  EXPECT_NEAR(mean_distance(pose, kLeftHand, kLeftWrist), 94.25, 0.01);
  EXPECT_NEAR(mean_distance(pose, kLeftHand, kRightWrist), 248.91, 0.01);
}

TEST_F(RealData, TheSolosSampleIsNotFilledAgain) {
  RawPose pose = read_pose(path("solos/skeleton_OqH9szlahwU_f0000-0899.npy"));
  const std::vector<float> before = pose.data;
  const GapReport report = fill_gaps(pose);
  EXPECT_EQ(pose.data, before);
  // Confidence 0 throughout in the first 89 frames, yet with sensible positions.
  EXPECT_TRUE(report.filled_by_source);
  EXPECT_GE(report.joints[kNeck].longest_s, 89 / 25.0);
  EXPECT_TRUE(report.never_seen().empty());
  expect_usable("solos/skeleton_OqH9szlahwU_f0000-0899.npy");
}

TEST_F(RealData, TheSolosTextFilesAreNotKeypoints) {
  for (const char* name : {"skeleton_dict", "solos_ids", "solos_timestamps"}) {
    const std::string message =
        sentence_of_error([&] { read_pose(path(std::string("solos/") + name + ".json")); });
    EXPECT_NE(message.find("\"people\""), std::string::npos) << message;
  }
}

TEST_F(RealData, PslWordGoodHas129FramesAnd14Absent) {
  GapReport report;
  const PoseSequence pose = prepare_pose(path("openpose/psl_word_good_1564405243"), {}, &report);
  EXPECT_EQ(pose.frames, 129);
  EXPECT_EQ(report.absent_frames, 14);
  EXPECT_EQ(report.empty_frames, 0);
  // The left hand is junk of confidence about 0.02.
  EXPECT_GT(report.share(JointGroup::left_hand), 0.9);
  EXPECT_LT(report.share(JointGroup::right_hand), 0.5);
  expect_usable("openpose/psl_word_good_1564405243");
}

TEST_F(RealData, PslWordShukriyaHas90FramesAnd11Absent) {
  GapReport report;
  const PoseSequence pose =
      prepare_pose(path("openpose/psl_word_shukriya_1563023832"), {}, &report);
  EXPECT_EQ(pose.frames, 90);  // numbers 6 to 95
  EXPECT_EQ(report.absent_frames, 11);
  EXPECT_GE(report.share(JointGroup::left_hand), (57 + 11) / 90.0);
  expect_usable("openpose/psl_word_shukriya_1563023832");
}

TEST_F(RealData, PslLiveHas71FramesAndOneWithoutAPerson) {
  GapReport report;
  const PoseSequence pose = prepare_pose(path("openpose/psl_live_f0040-0110"), {}, &report);
  EXPECT_EQ(pose.frames, 71);
  EXPECT_EQ(report.absent_frames, 0);
  EXPECT_EQ(report.empty_frames, 1);
  EXPECT_EQ(report.multi_person_frames, 0);
  expect_usable("openpose/psl_live_f0040-0110");
}

TEST_F(RealData, TheSlpSampleIsNineConfidentFramesAt24) {
  GapReport report;
  const PoseSequence pose =
      prepare_pose(path("openpose/slp_pose_sample"), {.read = {.fps = 24}}, &report);
  EXPECT_EQ(report.frames, 9);
  EXPECT_EQ(pose.frames, 9);  // 8/24 s = 8.33 frames of 1/25 s
  EXPECT_LT(report.share(), 0.05);
  // The body's wrist and the hand's own differ by 18-21 px; minet uses the body's.
  const RawPose raw = read_pose(path("openpose/slp_pose_sample"));
  EXPECT_LT(mean_distance(raw, kRightHand, kRightWrist),
            mean_distance(raw, kRightHand, kLeftWrist));
  EXPECT_LT(mean_distance(raw, kLeftHand, kLeftWrist), mean_distance(raw, kLeftHand, kRightWrist));
  expect_usable("openpose/slp_pose_sample");
}

TEST_F(RealData, SingleFilesAreReadOneByOne) {
  for (const char* name :
       {"pretty_printed_A-pose_keypoints_GT.json", "mediapipe_int_coords_A-pose_keypoints.json",
        "v1.2_hands_all_zero.json"}) {
    const std::string file = std::string("openpose/single/") + name;
    GapReport report;
    EXPECT_EQ(prepare_pose(path(file), {}, &report).frames, 1) << name;
    EXPECT_DOUBLE_EQ(report.share(JointGroup::right_hand), 1) << name;
    EXPECT_DOUBLE_EQ(report.share(JointGroup::neck), 0) << name;
    expect_usable(file);
  }
}

TEST_F(RealData, TwoPeopleAreToldApartAndBody25BIsReadByName) {
  const std::string file = "openpose/single/two_people_BODY_25B_cam01.0000.json";
  const RawPose first = read_pose(path(file), {.person = 0});
  const RawPose second = read_pose(path(file), {.person = 1});
  EXPECT_EQ(first.multi_person_frames, 1);
  EXPECT_NE(first.data, second.data);
  // In BODY_25B's order the neck is the midpoint of the shoulders.
  EXPECT_LT(first.joint(0, kRightShoulder)[0], second.joint(0, kRightShoulder)[0]);
  const RawPose named = read_pose(path(file), {.format = PoseFormat::openpose25b, .person = 1});
  EXPECT_FLOAT_EQ(named.joint(0, kNeck)[0],
                  (named.joint(0, kRightShoulder)[0] + named.joint(0, kLeftShoulder)[0]) / 2);
  EXPECT_EQ(named.format, "OpenPose BODY_25B");
}

// All files in the folder: each folder of frames as a recording, and each file by itself. Those
// that are not listed here as refused must be accepted, saved to a file and read back.
TEST_F(RealData, EveryKeypointFileGoesThroughOrIsRefusedForItsReason) {
  const std::filesystem::path out =
      std::filesystem::temp_directory_path() / text("minet_real_pose_", getpid(), ".npy");
  std::map<std::string, int> outcomes;
  int frames_without_neck = 0;
  const auto walk = [&](const std::filesystem::path& input, const std::string& refusal) {
    const bool folder = std::filesystem::is_directory(input);
    if (!refusal.empty()) {
      const std::string message = sentence_of_error([&] { prepare_pose(input); });
      EXPECT_NE(message.find(refusal), std::string::npos) << message;
      EXPECT_NE(message.find(input.filename().string()), std::string::npos) << message;
      ++outcomes["refused"];
      return;
    }
    SCOPED_TRACE(input.string());
    const PoseSequence pose = prepare_pose(input);
    expect_finite(pose.data);
    save_pose_npy(out, pose);
    const PoseSequence again = read_pose_npy(out);
    EXPECT_EQ(again.data, pose.data);
    EXPECT_GT(pose.frames, folder ? 5 : 0);
    ++outcomes[folder ? "folders" : "files"];
  };
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path("openpose"))) {
    const std::string name = entry.path().filename().string();
    if (name == "single") {
      walk(entry.path(), "frame number in the name");
    } else if (name == "000000000061_keypoints.json" &&
               entry.path().parent_path().filename() == "psl_live_f0040-0110") {
      walk(entry.path(), "got nobody");
    } else {  // a single frame may lack the neck, to which all is relative
      const bool neck = entry.is_directory() || read_pose(entry.path()).joint(0, kNeck)[2] > 0;
      walk(entry.path(), neck ? "" : "shows the neck");
      frames_without_neck += neck ? 0 : 1;
    }
  }
  for (const auto& entry : std::filesystem::directory_iterator(path("solos"))) {
    walk(entry.path(), entry.path().extension() == ".json" ? "\"people\"" : "");
  }
  std::filesystem::remove(out);
  EXPECT_GE(outcomes["folders"], 4);
  EXPECT_EQ(frames_without_neck, 1);
  EXPECT_GE(outcomes["files"], 115 + 79 + 69 + 9 + 4 + 1);
  EXPECT_EQ(outcomes["refused"], 6);  // also a folder of unrelated files, nobody, Solos' tables
}

TEST_F(RealData, AFolderOfUnrelatedFilesIsRefused) {
  const std::string message = sentence_of_error([&] { read_pose(path("openpose/single")); });
  EXPECT_NE(message.find("openpose/single"), std::string::npos) << message;
}

TEST_F(RealData, SoundAndVideoAreNotKeypoints) {
  EXPECT_NE(
      sentence_of_error([&] { read_pose(path("video/pianist_5s.avi")); }).find("mi_prepare video"),
      std::string::npos);
  EXPECT_NE(sentence_of_error([&] { read_pose(path("audio/sms-tools")); }).find("no .json file"),
            std::string::npos);
}

}  // namespace
}  // namespace minet::pose
