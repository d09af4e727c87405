// OpenPose folders and files: what is read, in which order, and what replaces missing data.
#include <gtest/gtest.h>

#include <array>

#include "minet/pose/readers.hpp"
#include "pose/pose_fixtures.hpp"

namespace minet::pose {
namespace {

using OpenPose = PoseFolder;

TEST(FrameNumber, IsTheLastNumberBeforeTheSuffix) {
  EXPECT_EQ(frame_number("video_000000000012_keypoints.json"), 12);
  EXPECT_EQ(frame_number("000000000001_keypoints.json"), 1);
  EXPECT_EQ(frame_number("dir/cam01.0000.json"), 0);
  EXPECT_EQ(frame_number("take2_300_keypoints.json"), 300);
  EXPECT_EQ(frame_number("clip-7.json"), 7);
  EXPECT_EQ(frame_number("A-pose_keypoints.json"), std::nullopt);
  EXPECT_EQ(frame_number("x_99999999999999999999_keypoints.json"), std::nullopt);
}

TEST_F(OpenPose, BodyPointsOneToSevenAndHandPointsOneToTwentyAreTaken) {
  write("v_000_keypoints.json", frame_json({{.x = 100, .y = 50}}));
  const RawPose pose = read_pose(folder());
  ASSERT_EQ(pose.frames(), 1);
  EXPECT_EQ(pose.format, "OpenPose BODY_25");
  for (int joint = 0; joint < kRightHand; ++joint) {  // OpenPose's 1..7
    EXPECT_FLOAT_EQ(pose.joint(0, joint)[0], 110.0F + 10.0F * static_cast<float>(joint));
    EXPECT_FLOAT_EQ(pose.joint(0, joint)[1], 60.0F + 10.0F * static_cast<float>(joint));
    EXPECT_FLOAT_EQ(pose.joint(0, joint)[2], 0.9F);
  }
  for (int i = 0; i < kHandJoints; ++i) {  // the hand's 1..20, never its 0
    EXPECT_FLOAT_EQ(pose.joint(0, kRightHand + i)[0], 2110.0F + 10.0F * static_cast<float>(i));
    EXPECT_FLOAT_EQ(pose.joint(0, kLeftHand + i)[0], 1110.0F + 10.0F * static_cast<float>(i));
  }
}

TEST_F(OpenPose, AFolderIsReadOnceForAllItsPlayers) {
  write("v_000_keypoints.json", frame_json({{.x = 100, .y = 50}, {.x = 3000, .y = 60}}));
  write("v_001_keypoints.json", frame_json({{.x = 101, .y = 51}, {.x = 3001, .y = 61}}));
  const RawPose left = read_pose(folder(), {.person = 0}),
                right = read_pose(folder(), {.person = 1});
  ASSERT_NE(left.data, right.data);
  const std::shared_ptr<FolderMemory> memory = make_folder_memory();
  EXPECT_EQ(read_pose(folder(), {.person = 0, .memory = memory}).data, left.data);
  // Later changes of the file do not count: it is not read again.
  write("v_001_keypoints.json", "no JSON");
  const RawPose remembered = read_pose(folder(), {.person = 1, .memory = memory});
  EXPECT_EQ(remembered.data, right.data);
  EXPECT_EQ(remembered.format, right.format);
  EXPECT_EQ(text_of(remembered.notices), text_of(right.notices));
  // New files are read.
  write("v_002_keypoints.json", frame_json({{.x = 102, .y = 52}}));
  EXPECT_THROW(read_pose(folder(), {.person = 1, .memory = memory}), InputError);
}

TEST_F(OpenPose, CocoHasTheSameUpperBody) {
  write("a_0_keypoints.json", frame_json({{.body_points = 25}}));
  const RawPose body25 = read_pose(folder());
  write("a_0_keypoints.json", frame_json({{.body_points = 18}}));
  const RawPose coco = read_pose(folder());
  EXPECT_EQ(coco.format, "OpenPose COCO-18");
  EXPECT_EQ(coco.data, body25.data);
}

TEST_F(OpenPose, FilesAreOrderedByNumberNotByName) {
  write("z_2_keypoints.json", frame_json({{.x = 2}}));
  write("z_10_keypoints.json", frame_json({{.x = 10}}));
  write("z_009_keypoints.json", frame_json({{.x = 9}}));
  const RawPose pose = read_pose(folder());
  ASSERT_EQ(pose.frames(), 9);  // 2 to 10
  EXPECT_FLOAT_EQ(pose.joint(0, kNeck)[0], 12);
  EXPECT_FLOAT_EQ(pose.joint(7, kNeck)[0], 19);
  EXPECT_FLOAT_EQ(pose.joint(8, kNeck)[0], 20);
}

TEST_F(OpenPose, MissingFrameNumbersBecomeFramesOfGaps) {
  for (const int number : {6, 7, 10}) {
    write(std::to_string(number) + "_keypoints.json", frame_json({{}}));
  }
  const RawPose pose = read_pose(folder(), {.fps = 50});
  ASSERT_EQ(pose.frames(), 5);
  EXPECT_EQ(pose.absent_frames, 2);
  EXPECT_DOUBLE_EQ(pose.times[4], 4 / 50.0);
  for (const int frame : {2, 3}) {
    for (int joint = 0; joint < kJoints; ++joint) {
      EXPECT_EQ(pose.joint(frame, joint)[2], 0);
    }
  }
  EXPECT_GT(pose.joint(4, kNeck)[2], 0);
  EXPECT_NE(text_of(pose.notices, NoticeKind::late_start).find("frame 6"), std::string::npos);
  EXPECT_NE(text_of(pose.notices, NoticeKind::missing_frames).find("2 of"), std::string::npos);
}

TEST_F(OpenPose, TheFirstFrameCanBeSaid) {
  write("3_keypoints.json", frame_json({{}}));
  write("4_keypoints.json", frame_json({{}}));
  const RawPose early = read_pose(folder(), {.first_frame = 0});
  EXPECT_EQ(early.frames(), 5);
  EXPECT_EQ(early.absent_frames, 3);
  EXPECT_EQ(early.joint(2, kNeck)[2], 0);
  EXPECT_GT(early.joint(3, kNeck)[2], 0);
  const RawPose late = read_pose(folder(), {.first_frame = 4});
  EXPECT_EQ(late.frames(), 1);
  EXPECT_NE(sentence_of_error([&] { read_pose(folder(), {.first_frame = 5}); }).find("0 to 4"),
            std::string::npos);
}

TEST_F(OpenPose, TheFrameRateIsTwentyFiveWithANoteUnlessSaid) {
  write("0_keypoints.json", frame_json({{}}));
  write("1_keypoints.json", frame_json({{}}));
  const RawPose assumed = read_pose(folder());
  EXPECT_DOUBLE_EQ(assumed.times[1], 0.04);
  EXPECT_NE(
      text_of(assumed.notices, NoticeKind::assumed_rate).find("25 frames per second are assumed"),
      std::string::npos);
  const RawPose said = read_pose(folder(), {.fps = 30000.0 / 1001});
  EXPECT_DOUBLE_EQ(said.times[1], 1001.0 / 30000);
  EXPECT_EQ(text_of(said.notices, NoticeKind::assumed_rate), "");
}

TEST_F(OpenPose, EmptyPeopleAndPeopleOfZerosAreGaps) {
  write("0_keypoints.json", frame_json({{}}));
  write("1_keypoints.json", R"({"version":1.3,"people":[]})");
  write("2_keypoints.json", frame_json({{.x = 0, .y = 0, .scale = 0, .confidence = 0}}));
  const RawPose pose = read_pose(folder());
  EXPECT_EQ(pose.empty_frames, 2);
  EXPECT_EQ(pose.multi_person_frames, 0);
  EXPECT_EQ(pose.joint(1, kNeck)[2], 0);
  EXPECT_EQ(pose.joint(2, kNeck)[2], 0);
}

TEST_F(OpenPose, HandsMayBeEmptyAbsentNullOrZeros) {
  const std::string body = numbers_json(1, 2, 3, 25, 0.5);
  write("0_keypoints.json", "{\"people\":[{\"pose_keypoints_2d\":" + body +
                                ",\"hand_left_keypoints_2d\":[],\"hand_right_keypoints_2d\":[]}]}");
  write("1_keypoints.json", "{\"people\":[{\"pose_keypoints_2d\":" + body + "}]}");
  write("2_keypoints.json",
        "{\"people\":[{\"hand_left_keypoints_2d\":null,\"pose_keypoints_2d\":" + body + "}]}");
  write("3_keypoints.json", "{\"people\":[{\"pose_keypoints_2d\":" + body +
                                ",\"hand_left_keypoints_2d\":" + numbers_json(0, 0, 0, 21, 0) +
                                "}]}");
  const RawPose pose = read_pose(folder());
  ASSERT_EQ(pose.frames(), 4);
  for (int frame = 0; frame < 4; ++frame) {
    EXPECT_FLOAT_EQ(pose.joint(frame, kLeftWrist)[0], 1 + 3 * 7);
    for (int joint = kRightHand; joint < kJoints; ++joint) {
      EXPECT_EQ(pose.joint(frame, joint)[2], 0) << frame << " " << joint;
    }
  }
}

TEST_F(OpenPose, NamesOfTheOldestVersionAreRead) {
  const std::string body = numbers_json(1, 2, 3, 18, 0.5), hand = numbers_json(7, 8, 1, 21, 0.5);
  write("0.json", "{\"version\":0.1,\"people\":[{\"pose_keypoints\":" + body +
                      ",\"hand_right_keypoints\":" + hand + "}]}");
  const RawPose pose = read_pose(folder());
  EXPECT_FLOAT_EQ(pose.joint(0, kNeck)[0], 4);
  EXPECT_FLOAT_EQ(pose.joint(0, kRightHand)[0], 8);
  EXPECT_EQ(pose.format, "OpenPose COCO-18");
}

TEST_F(OpenPose, TheNewNameWinsWhicheverComesFirst) {
  const std::string old_body = "\"pose_keypoints\":" + numbers_json(500, 0, 0, 18, 1);
  const std::string new_body = "\"pose_keypoints_2d\":" + numbers_json(7, 0, 0, 25, 1);
  for (const std::string& both : {old_body + "," + new_body, new_body + "," + old_body}) {
    write("0.json", "{\"people\":[{" + both + "}]}");
    EXPECT_FLOAT_EQ(read_pose(folder()).joint(0, kNeck)[0], 7);
  }
}

TEST_F(OpenPose, IndentationIntegersAndExponentsAreRead) {
  std::string numbers = "10, 20, 1,\n  1.5e2, -2.5E+1, 9e-1";
  for (int i = 2; i < 18; ++i) {
    numbers += ",\n\t0, 0, 0";
  }
  write("0.json", "\xEF\xBB\xBF{\n \"people\" : [\n {\"pose_keypoints_2d\" : [\n" + numbers +
                      "\n] }\n]\n, \"other\": {\"deep\": [[1, {\"a\": null}]], \"b\": true}}\n");
  const RawPose pose = read_pose(folder());
  EXPECT_FLOAT_EQ(pose.joint(0, kNeck)[0], 150);
  EXPECT_FLOAT_EQ(pose.joint(0, kNeck)[1], -25);
  EXPECT_FLOAT_EQ(pose.joint(0, kNeck)[2], 0.9F);
}

TEST_F(OpenPose, UnusableNumbersBecomeGapsAndConfidencesAreClamped) {
  std::string numbers = "0,0,0, null,5,1, 1e7,5,1, 5,-2e6,1, 5,5,null, 6,7,1.5, 6,7,-0.5";
  for (int i = 7; i < 18; ++i) {
    numbers += ",1,1,1";
  }
  write("0.json", "{\"people\":[{\"pose_keypoints_2d\":[" + numbers + "]}]}");
  const RawPose pose = read_pose(folder());
  EXPECT_EQ(pose.bad_numbers, 4);
  for (int joint = 0; joint < 4; ++joint) {
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(pose.joint(0, joint)[i], 0) << joint;
    }
  }
  EXPECT_EQ(pose.joint(0, 4)[2], 1);
  EXPECT_EQ(pose.joint(0, 5)[2], 0);
  EXPECT_EQ(pose.joint(0, 5)[0], 6);
}

TEST_F(OpenPose, ScaledCoordinatesAreKeptAsTheyAre) {
  write("0_keypoints.json", frame_json({{.x = -0.9, .y = 0.1, .scale = 0.01}}));
  EXPECT_NEAR(read_pose(folder()).joint(0, kNeck)[0], -0.89, 1e-6);
}

TEST_F(OpenPose, ASingleFileIsOneFrame) {
  const RawPose pose = read_pose(write("A-pose_keypoints.json", frame_json({{}})));
  EXPECT_EQ(pose.frames(), 1);
  EXPECT_DOUBLE_EQ(pose.times[0], 0);
  EXPECT_GT(pose.joint(0, kLeftHand)[2], 0);
}

TEST_F(OpenPose, OtherFilesBesideTheKeypointsAreIgnored) {
  write("v_0_keypoints.json", frame_json({{}}));
  write("metadata.json", "[1, 2]");
  write("._v_1_keypoints.json", "not JSON");
  write("v.png", "picture");
  std::filesystem::create_directory(folder() / "v_5_keypoints.json");
  const RawPose pose = read_pose(folder());
  EXPECT_EQ(pose.frames(), 1);
  EXPECT_NE(text_of(pose.notices, NoticeKind::left_out).find("1 .json files"), std::string::npos);
}

}  // namespace
}  // namespace minet::pose
