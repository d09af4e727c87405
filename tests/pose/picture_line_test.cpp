// One frame of a player's keypoints as a line of JSON.
#include "minet/pose/picture_line.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"
#include "support/input_error.hpp"

namespace minet::pose {
namespace {

std::string repeated(int count, const std::string& item) {
  return text("[", join(std::vector<std::string>(static_cast<std::size_t>(count), item), ","), "]");
}

TEST(PictureLine, ListsWithAndWithoutConfidence) {
  std::vector<double> numbers;
  for (int i = 0; i < 141; ++i) numbers.push_back(i % 3 == 2 ? 0.5 : i + 1);
  std::vector<std::string> words;
  for (const double number : numbers) words.push_back(text(number));
  const ArrivedPicture all = parse_picture_line(text("[", join(words, ","), "]"));
  EXPECT_EQ(all.joints, picture_of(numbers).joints);
  EXPECT_EQ(all.joints[3], 4);
  EXPECT_EQ(all.joints[5], 0.5F);
  EXPECT_FALSE(all.time_s);
  const ArrivedPicture places = parse_picture_line(repeated(94, "7"));
  EXPECT_EQ(places.joints[2], 1);                                 // seen
  EXPECT_EQ(parse_picture_line(repeated(94, "0")).joints[2], 0);  // not found
  EXPECT_EQ(parse_picture_line(repeated(47, "[7,7]")).joints, places.joints);
  EXPECT_EQ(parse_picture_line(text("{\"t\":2.5,\"joints\":", repeated(47, "[7,7,1]"), "}")).joints,
            places.joints);
}

TEST(PictureLine, JointsByName) {
  const ArrivedPicture picture =
      parse_picture_line(R"({"t": 12.5, "joints": {"neck": [3, 4], "right_wrist": [5, 6, 0.5]}})");
  EXPECT_EQ(picture.joints[0], 3);
  EXPECT_EQ(picture.joints[2], 1);
  EXPECT_EQ(picture.joints[9], 5);
  EXPECT_EQ(picture.joints[11], 0.5F);
  EXPECT_EQ(picture.joints[5], 0);  // the others are lost
  EXPECT_EQ(picture.time_s, 12.5);
}

TEST(PictureLine, MediaPipe) {
  const ArrivedPicture picture =
      parse_picture_line(text(R"({"frame":3,"time_s":0.12,"width":640,"height":480,"pose":)",
                              repeated(33, "[0.5,0.25,0.9]"), R"(,"left_hand":[],"right_hand":)",
                              repeated(21, "[0.25,0.5,0.8]"), "}"));
  EXPECT_EQ(picture.joints[0], 320);
  EXPECT_EQ(picture.joints[1], 120);
  EXPECT_EQ(picture.joints[3 * kRightHand], 160);
  EXPECT_EQ(picture.joints[3 * kLeftHand + 2], 0);
  EXPECT_EQ(picture.time_s, 0.12);
  EXPECT_EQ(parse_picture_line(R"({"width":640,"height":480,"pose":[]})").joints[2], 0);
}

TEST(PictureLine, WhatIsNoPictureIsRefusedInASentence) {
  for (const std::string& line :
       {std::string(""), std::string("hello"), std::string("3"), std::string("[1,2,3]"),
        std::string("{}"), std::string(R"({"joints":{"nose":[1,2]}})"),
        std::string(R"({"joints":[[1,2]]})"), std::string(R"({"joints":"x"})"),
        std::string(R"({"pose":[[1,2,3]],"width":4,"height":3})"),
        text(R"({"pose":)", repeated(33, "[1,2,3]"), "}"), repeated(94, "\"a\""),
        repeated(94, "[[[[[1]]]]]"), std::string(70000, ' '), repeated(5000, "1")}) {
    const std::string message = input_error([&] { parse_picture_line(line); });
    EXPECT_NE(message.find("expected "), std::string::npos) << line.substr(0, 60) << message;
    EXPECT_LT(message.size(), 500U);
  }
}

TEST(PictureLine, NumbersThatAreNoneAreLostJoints) {
  const ArrivedPicture picture = parse_picture_line(repeated(47, "[1e300,null,1]"));
  for (const float value : picture.joints) EXPECT_EQ(value, 0);
}

}  // namespace
}  // namespace minet::pose
