// Files that must be refused with one sentence that names them.
#include <gtest/gtest.h>

#include "minet/pose/readers.hpp"
#include "pose/pose_fixtures.hpp"

namespace minet::pose {
namespace {

using BadFiles = PoseFolder;

TEST_F(BadFiles, WhatIsWrongInAnOpenPoseFileIsSaid) {
  struct Case {
    std::string content, expected;
  };
  const std::string deep(100000, '[');
  const std::vector<Case> cases = {
      {"", "it is empty"},
      {"{\"people\":[", "expected JSON"},
      {"{\"people\":[]} trailing", "expected JSON"},
      {"{\"people\":[{\"pose_keypoints_2d\":[NaN,nan]}]}", "expected JSON"},
      {"{\"people\":[{\"pose_keypoints_2d\":[1e999]}]}", "out of range"},
      {"[]", "got a list"},
      {"12", "got a number"},
      {"{}", "\"people\", got none"},
      {"{\"version\":1.3}", "\"people\", got none"},
      {"{\"people\":3}", "got a number"},
      {"{\"people\":null}", "got null"},
      {"{\"people\":{}}", "got an object"},
      {"{\"people\":[3]}", "got a number"},
      {"{\"people\":[[]]}", "got a list"},
      {"{\"people\":[],\"people\":[]}", "twice"},
      {"{\"people\":[{\"pose_keypoints_2d\":\"x\"}]}", "got a text"},
      {"{\"people\":[{\"pose_keypoints_2d\":{}}]}", "got an object"},
      {"{\"people\":[{\"pose_keypoints_2d\":[[1]]}]}", "got a list"},
      {"{\"people\":[{\"pose_keypoints_2d\":[true]}]}", "got a boolean"},
      {frame_json({{.body_points = 17}}), "54 (COCO-18) as \"pose_keypoints\", got 51"},
      {"{\"people\":[{\"hand_left_keypoints_2d\":[1,2,3]}]}",
       "63 numbers or none as \"hand_left_keypoints\", got 3"},
      {"{\"x\":" + deep, "at most 16 levels"},
      {deep, "got a list"},
      {"{\"people\":[" + std::string(300, ' ') + "{}" +
           [] {
             std::string more;
             for (int i = 0; i < 100; ++i) {
               more += ",{}";
             }
             return more;
           }() +
           "]}",
       "at most 100 people"},
  };
  for (const Case& bad : cases) {
    const std::filesystem::path file = write("v_0_keypoints.json", bad.content);
    for (const std::filesystem::path& path : {file, folder()}) {
      const std::string message = sentence_of_error([&] { read_pose(path); });
      EXPECT_NE(message.find(bad.expected), std::string::npos) << message;
      EXPECT_NE(message.find("v_0_keypoints.json"), std::string::npos) << message;
    }
  }
}

TEST_F(BadFiles, AFrameOverOneMebibyteIsNotParsed) {
  std::string content = frame_json({{}});
  content += std::string((1U << 20) - content.size(), ' ');
  write("0_keypoints.json", content);
  EXPECT_EQ(read_pose(folder()).frames(), 1);
  write("0_keypoints.json", content + " ");
  EXPECT_NE(sentence_of_error([&] { read_pose(folder()); }).find("0_keypoints.json"),
            std::string::npos);
}

TEST_F(BadFiles, FoldersWithoutUsableFilesAreRefused) {
  const auto message = [&] { return sentence_of_error([&] { read_pose(folder()); }); };
  EXPECT_NE(message().find("no .json file"), std::string::npos);
  write("notes.txt", "hello");
  EXPECT_NE(message().find("no .json file"), std::string::npos);
  write("first.json", frame_json({{}}));
  EXPECT_EQ(read_pose(folder()).frames(), 1);  // one file needs no number
  write("second.json", frame_json({{}}));
  EXPECT_NE(message().find("frame number"), std::string::npos);
}

TEST_F(BadFiles, TwoFilesForOneFrameAreRefused) {
  write("a_1_keypoints.json", frame_json({{}}));
  write("b_01_keypoints.json", frame_json({{}}));
  const std::string message = sentence_of_error([&] { read_pose(folder()); });
  EXPECT_NE(message.find("a_1_keypoints.json and b_01_keypoints.json"), std::string::npos);
}

TEST_F(BadFiles, FrameNumbersFarApartAreRefusedBeforeMemoryIsTaken) {
  write("0_keypoints.json", frame_json({{}}));
  write("999999999999_keypoints.json", frame_json({{}}));
  EXPECT_NE(sentence_of_error([&] { read_pose(folder()); }).find("2 files from 0 to 999999999999"),
            std::string::npos);
}

TEST_F(BadFiles, RecordingsOfNobodyAreRefused) {
  write("0_keypoints.json", R"({"people":[]})");
  write("1_keypoints.json", frame_json({{.confidence = 0}}));
  const std::string message = sentence_of_error([&] { read_pose(folder()); });
  EXPECT_NE(message.find("confidence above 0"), std::string::npos) << message;
  write("1_keypoints.json", R"({"people":[]})");
  EXPECT_NE(sentence_of_error([&] { read_pose(folder()); }).find("nobody in any of its 2 frames"),
            std::string::npos);
}

TEST_F(BadFiles, PathsAndOptionsThatDoNotFitAreRefused) {
  const std::filesystem::path file = write("0_keypoints.json", frame_json({{}}));
  EXPECT_NE(sentence_of_error([&] { read_pose(folder() / "none"); }).find("no such file"),
            std::string::npos);
  EXPECT_NE(sentence_of_error([&] { read_pose(write("a.bin", "x")); }).find("unknown kind"),
            std::string::npos);
  EXPECT_NE(
      sentence_of_error([&] { read_pose(folder(), {.format = PoseFormat::npy}); }).find("folder"),
      std::string::npos);
  for (const double fps : {0.0, -25.0, 1e9, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_NE(sentence_of_error([&] { read_pose(file, {.fps = fps}); }).find("frame rate"),
              std::string::npos);
  }
  EXPECT_NE(sentence_of_error([&] {
              read_pose(file, {.rows = {{0, 1}}});
            }).find("Rows"),
            std::string::npos);
}

TEST(PoseFormats, AreParsedByNameAndOthersListed) {
  EXPECT_EQ(parse_pose_format("auto"), PoseFormat::automatic);
  EXPECT_EQ(parse_pose_format("openpose25b"), PoseFormat::openpose25b);
  EXPECT_NE(sentence_of_error([] {
              parse_pose_format("mp4");
            }).find("openpose, openpose25b, wholebody, mediapipe, alphapose"),
            std::string::npos);
}

}  // namespace
}  // namespace minet::pose
