// Interpolation of gaps, each rule with numbers computed by hand, and the gap report.
#include "minet/pose/gaps.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "minet/core/npy.hpp"
#include "pose/pose_fixtures.hpp"
#include "support/source_folder.hpp"

namespace minet::pose {
namespace {

// Neck at (100 + 10 f, 50), its right shoulder at neck + (-20 - f, 4), the rest on the neck.
RawPose moving_shoulder(std::int64_t frames) {
  RawPose pose = made_raw(frames);
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    const auto f = static_cast<double>(frame);
    for (int joint = 0; joint < kJoints; ++joint) {
      set(pose.joint(frame, joint), 100 + 10 * f, 50, 1);
    }
    set(pose.joint(frame, kRightShoulder), 80 + 9 * f, 54, 1);
  }
  return pose;
}

TEST(FillGaps, LeavesGoodJointsUntouched) {
  RawPose pose = moving_shoulder(5);
  const std::vector<float> before = pose.data;
  const GapReport report = fill_gaps(pose);
  EXPECT_EQ(pose.data, before);
  EXPECT_EQ(report.share(), 0);
}

TEST(FillGaps, WeighsTheNeighboursRelativePositionsByDistance) {
  RawPose pose = moving_shoulder(6);
  // Good at 1, relative (-21, 4), and at 4; gaps at 2 and 3.
  set(pose.joint(2, kRightShoulder), 0, 0, 0);
  set(pose.joint(3, kRightShoulder), 0, 0, 0);
  set(pose.joint(4, kRightShoulder), 140 - 30, 50 + 10, 0.7);  // relative (-30, 10)
  fill_gaps(pose);
  // (-21 * 2 + -30 * 1) / 3 = -24; (-21 + -30 * 2) / 3 = -27; y: (4 * 2 + 10) / 3 = 6, 8.
  EXPECT_FLOAT_EQ(pose.joint(2, kRightShoulder)[0], 120 - 24);
  EXPECT_FLOAT_EQ(pose.joint(2, kRightShoulder)[1], 50 + 6);
  EXPECT_FLOAT_EQ(pose.joint(3, kRightShoulder)[0], 130 - 27);
  EXPECT_FLOAT_EQ(pose.joint(3, kRightShoulder)[1], 50 + 8);
}

TEST(FillGaps, KeepsConfidences) {
  RawPose pose = moving_shoulder(3);
  set(pose.joint(1, kRightShoulder), 7, 7, 0.125);
  fill_gaps(pose);
  EXPECT_EQ(pose.joint(1, kRightShoulder)[2], 0.125F);
  EXPECT_FLOAT_EQ(pose.joint(1, kRightShoulder)[0], 110 - 21);
}

TEST(FillGaps, TheThresholdItselfIsAGap) {
  RawPose at = moving_shoulder(3), above = moving_shoulder(3);
  set(at.joint(1, kRightShoulder), 7, 7, 0.25);
  set(above.joint(1, kRightShoulder), 7, 7, 0.2500001);
  fill_gaps(at, 0.25);
  fill_gaps(above, 0.25);
  EXPECT_FLOAT_EQ(at.joint(1, kRightShoulder)[0], 110 - 21);
  EXPECT_FLOAT_EQ(above.joint(1, kRightShoulder)[0], 7);
}

TEST(FillGaps, BlendsTheEndsWithTheMeanAsFrameMinusOneAndT) {
  RawPose pose = moving_shoulder(4);
  set(pose.joint(0, kRightShoulder), 0, 0, 0);
  set(pose.joint(3, kRightShoulder), 0, 0, 0);
  fill_gaps(pose);
  // Seen at 1 and 2: relative x -21 and -22, mean -21.5.
  // Frame 0 lies between the mean at -1 and -21 at 1; frame 3 between -22 at 2 and the mean at 4.
  EXPECT_FLOAT_EQ(pose.joint(0, kRightShoulder)[0], static_cast<float>(100 + (-21.5 - 21) / 2));
  EXPECT_FLOAT_EQ(pose.joint(3, kRightShoulder)[0], static_cast<float>(130 + (-22 - 21.5) / 2));
  EXPECT_FLOAT_EQ(pose.joint(0, kRightShoulder)[1], 54);
}

TEST(FillGaps, ALongerGapAtTheEndApproachesTheMeanByDistance) {
  RawPose pose = moving_shoulder(4);
  set(pose.joint(2, kRightShoulder), 0, 0, 0);
  set(pose.joint(3, kRightShoulder), 0, 0, 0);
  fill_gaps(pose);
  // Seen -20 and -21, mean -20.5; between -21 at 1 and -20.5 at 4.
  EXPECT_NEAR(pose.joint(2, kRightShoulder)[0], 120 + (-21 * 2 - 20.5) / 3, 1e-4);
  EXPECT_NEAR(pose.joint(3, kRightShoulder)[0], 130 + (-21 - 20.5 * 2) / 3, 1e-4);
}

TEST(FillGaps, LowConfidencesCountInTheMeanButNotAsNeighbours) {
  RawPose pose = moving_shoulder(3);
  set(pose.joint(0, kRightShoulder), 100 - 50, 54, 0.1);  // junk: relative -50, in the mean
  fill_gaps(pose);
  const double mean = (-50 - 21 - 22) / 3.0;
  EXPECT_NEAR(pose.joint(0, kRightShoulder)[0], 100 + (mean - 21) / 2, 1e-4);
}

TEST(FillGaps, AJointOfJunkOnlyTakesItsMeanEverywhere) {
  RawPose pose = moving_shoulder(3);
  for (std::int64_t frame = 0; frame < 3; ++frame) {
    pose.joint(frame, kRightShoulder)[2] = 0.02F;
  }
  fill_gaps(pose);
  for (std::int64_t frame = 0; frame < 3; ++frame) {
    EXPECT_FLOAT_EQ(pose.joint(frame, kRightShoulder)[0],
                    static_cast<float>(100 + 10 * frame - 21));
  }
}

TEST(FillGaps, AJointNeverSeenSitsOnItsParent) {
  RawPose pose = moving_shoulder(3);
  for (std::int64_t frame = 0; frame < 3; ++frame) {
    set(pose.joint(frame, kRightElbow), 0, 0, 0);
    set(pose.joint(frame, kRightWrist), 0, 0, 0);
    for (int joint = kRightHand; joint < kLeftHand; ++joint) {
      set(pose.joint(frame, joint), 0, 0, 0);
    }
  }
  const GapReport report = fill_gaps(pose);
  for (std::int64_t frame = 0; frame < 3; ++frame) {
    for (const int joint : {kRightElbow, kRightWrist, kRightHand, kLeftHand - 1}) {
      EXPECT_EQ(pose.joint(frame, joint)[0], pose.joint(frame, kRightShoulder)[0]);
      EXPECT_EQ(pose.joint(frame, joint)[1], pose.joint(frame, kRightShoulder)[1]);
    }
  }
  EXPECT_EQ(report.never_seen().size(), 22U);
}

TEST(FillGaps, TheNeckIsInterpolatedWhereItStandsAndCarriesItsGapsAlong) {
  RawPose pose = moving_shoulder(3);
  for (int joint = 0; joint < kJoints; ++joint) {
    set(pose.joint(1, joint), 0, 0, 0);  // a frame without a person
  }
  fill_gaps(pose);
  EXPECT_FLOAT_EQ(pose.joint(1, kNeck)[0], 110);
  EXPECT_FLOAT_EQ(pose.joint(1, kNeck)[1], 50);
  EXPECT_FLOAT_EQ(pose.joint(1, kRightShoulder)[0], 110 - 21);
}

TEST(FillGaps, AJointThatWasSeenStaysWhereItWasSeen) {
  RawPose pose = moving_shoulder(3);
  set(pose.joint(1, kNeck), 0, 0, 0);
  set(pose.joint(1, kRightElbow), 0, 0, 0);
  fill_gaps(pose);
  EXPECT_FLOAT_EQ(pose.joint(1, kNeck)[0], 110);
  EXPECT_EQ(pose.joint(1, kRightShoulder)[0], 89);
  EXPECT_EQ(pose.joint(1, kRightShoulder)[1], 54);
  // The elbow, a gap, is placed relative to the shoulder: 20 and 22 to its right before and after.
  EXPECT_FLOAT_EQ(pose.joint(1, kRightElbow)[0], 89 + 21);
}

TEST(FillGaps, FingersOfAHandWhoseWristIsAGapStayAndNewGapsHangFromTheFilledWrist) {
  RawPose pose = moving_shoulder(4);
  for (std::int64_t frame = 0; frame < 4; ++frame) {
    for (int joint = kRightHand; joint < kLeftHand; ++joint) {
      set(pose.joint(frame, joint), 130 + 10.0 * static_cast<double>(frame), 58, 1);
    }
  }
  set(pose.joint(1, kRightWrist), 0, 0, 0);
  set(pose.joint(1, kRightHand), 0, 0, 0);  // a finger is lost with it
  const GapReport report = fill_gaps(pose);
  EXPECT_EQ(pose.joint(1, kRightHand + 4)[0], 140);
  EXPECT_FLOAT_EQ(pose.joint(1, kRightWrist)[0], 110);
  EXPECT_FLOAT_EQ(pose.joint(1, kRightHand)[0], 140);
  EXPECT_NEAR(report.joints[kRightWrist].share, 0.25, 1e-12);
}

TEST(FillGaps, BySolosRuleTheParentsRawPositionCountsEvenWhereItIsAGap) {
  RawPose pose = moving_shoulder(3);
  set(pose.joint(1, kNeck), 0, 0, 0);
  fill_gaps(pose, kGapConfidence, parse_gap_rule("solos"));
  // The shoulder was seen at (89, 54), relative to the absent neck at (0, 0); the neck is then
  // placed at (110, 50), and the shoulder moves with it.
  EXPECT_FLOAT_EQ(pose.joint(1, kNeck)[0], 110);
  EXPECT_FLOAT_EQ(pose.joint(1, kRightShoulder)[0], 110 + 89);
  EXPECT_FLOAT_EQ(pose.joint(1, kRightShoulder)[1], 50 + 54);
}

TEST(FillGaps, RefusesASequenceWithoutNeck) {
  RawPose pose = moving_shoulder(3);
  for (std::int64_t frame = 0; frame < 3; ++frame) {
    set(pose.joint(frame, kNeck), 0, 0, 0);
  }
  EXPECT_NE(sentence_of_error([&] { fill_gaps(pose); }).find("no frame shows the neck"),
            std::string::npos);
}

TEST(FillGaps, OneFrameIsEnough) {
  RawPose pose = moving_shoulder(1);
  set(pose.joint(0, kLeftWrist), 0, 0, 0);
  fill_gaps(pose);
  EXPECT_FLOAT_EQ(pose.joint(0, kLeftWrist)[0], 100);
}

TEST(FillGaps, AFilledSourceKeepsPositionsOfLowConfidence) {
  RawPose pose = moving_shoulder(4);
  pose.filled = true;
  set(pose.joint(1, kRightShoulder), 77, 54, 0);  // filled by the source
  set(pose.joint(2, kRightShoulder), 0, 0, 0);    // dropped: it was NaN
  const GapReport report = fill_gaps(pose);
  EXPECT_FLOAT_EQ(pose.joint(1, kRightShoulder)[0], 77);
  EXPECT_FLOAT_EQ(pose.joint(2, kRightShoulder)[0], 120 + (77 - 110 - 23) / 2.0F);
  EXPECT_DOUBLE_EQ(report.joints[kRightShoulder].share, 0.5);
  EXPECT_TRUE(report.filled_by_source);
}

// Golden files by make_golden.py beside this file.
TEST(FillGaps, AgreesWithTheGoldenFiles) {
  const std::filesystem::path golden = minet::source_folder() / "tests" / "pose" / "golden";
  const FloatArray raw = read_npy_float(golden / "gaps_raw.npy");
  for (const char* rule : {"paper", "solos"}) {
    const FloatArray filled = read_npy_float(golden / text("gaps_filled_", rule, ".npy"));
    RawPose pose = made_raw(raw.shape[0]);
    pose.data = raw.values;
    fill_gaps(pose, kGapConfidence, parse_gap_rule(rule));
    ASSERT_EQ(pose.data.size(), filled.values.size());
    double moved = 0;
    for (std::size_t i = 0; i < pose.data.size(); ++i) {
      ASSERT_NEAR(pose.data[i], filled.values[i], 1e-3) << rule << " value " << i;
      moved += pose.data[i] != raw.values[i] ? 1 : 0;
    }
    EXPECT_GT(moved, 500);
  }
}

TEST(FillGaps, RefusesAThresholdThatMakesNoSense) {
  RawPose pose = moving_shoulder(1);
  for (const double threshold : {-0.1, 1.0, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_NE(sentence_of_error([&] { fill_gaps(pose, threshold); }).find("confidence of a gap"),
              std::string::npos);
  }
}

TEST(GapReport, CountsSharesAndLongestRuns) {
  RawPose pose = made_raw(10, 1, 25);
  for (const int frame : {0, 3, 4, 5, 9}) {
    set(pose.joint(frame, kLeftWrist), 0, 0, 0.2);
  }
  for (std::int64_t frame = 0; frame < 10; ++frame) {
    set(pose.joint(frame, 46), 0, 0, 0);
  }
  const GapReport report = find_gaps(pose);
  EXPECT_DOUBLE_EQ(report.joints[kLeftWrist].share, 0.5);
  EXPECT_DOUBLE_EQ(report.joints[kLeftWrist].longest_s, 3 / 25.0);
  EXPECT_FALSE(report.joints[kLeftWrist].never_seen);
  EXPECT_DOUBLE_EQ(report.share(JointGroup::left_arm), 0.5 / 3);
  EXPECT_DOUBLE_EQ(report.share(JointGroup::left_hand), 1.0 / 20);
  EXPECT_DOUBLE_EQ(report.share(JointGroup::right_hand), 0);
  EXPECT_DOUBLE_EQ(report.longest_s(JointGroup::left_hand), 0.4);
  EXPECT_NEAR(report.share(), 1.5 / 47, 1e-12);
  EXPECT_EQ(report.never_seen(), std::vector<int>{46});
  EXPECT_DOUBLE_EQ(report.seconds, 0.4);
}

TEST(GapReport, TellsAPersonWhatWasMissing) {
  RawPose pose = made_raw(10, 1, 25);
  for (std::int64_t frame = 0; frame < 10; ++frame) {
    for (int joint = kLeftHand; joint < kJoints; ++joint) {
      set(pose.joint(frame, joint), 0, 0, 0);
    }
    set(pose.joint(frame, kRightElbow), 0, 0, 0);
  }
  pose.format = "OpenPose BODY_25";
  EXPECT_EQ(find_gaps(pose).text(),
            "OpenPose BODY_25: 10 frames, 0.40 s, 44.7 % gaps\n"
            "  joints       gaps      longest\n"
            "  neck          0.0 %      0.00 s\n"
            "  right arm    33.3 %      0.40 s\n"
            "  left arm      0.0 %      0.00 s\n"
            "  right hand    0.0 %      0.00 s\n"
            "  left hand   100.0 %      0.40 s\n"
            "  never seen (placed on the parent joint): right_elbow, left hand\n");
}

}  // namespace
}  // namespace minet::pose
