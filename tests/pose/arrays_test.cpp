// Solos arrays and minet's own .npy files.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "minet/core/npy.hpp"
#include "minet/pose/readers.hpp"
#include "pose/pose_fixtures.hpp"

namespace minet::pose {
namespace {

// [frames, 3, 47]: x = 1000 f + j, y = x + 0.5, confidence 0.01 j.
std::vector<float> solos_values(int frames) {
  std::vector<float> values;
  for (int frame = 0; frame < frames; ++frame) {
    for (int axis = 0; axis < 3; ++axis) {
      for (int joint = 0; joint < kJoints; ++joint) {
        const auto x = static_cast<float>(1000 * frame + joint);
        values.push_back(axis == 0 ? x : axis == 1 ? x + 0.5F : 0.01F * static_cast<float>(joint));
      }
    }
  }
  return values;
}

class Arrays : public PoseFolder {
 protected:
  std::filesystem::path write_raw(const std::string& name, const std::vector<float>& values) const {
    std::string bytes(values.size() * sizeof(float), '\0');
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return write(name, bytes);
  }
  std::filesystem::path write_npy(const std::string& name, std::vector<std::int64_t> shape,
                                  std::vector<float> values) const {
    save_npy(folder() / name, FloatArray{.shape = std::move(shape), .values = std::move(values)});
    return folder() / name;
  }
};

TEST_F(Arrays, SolosRawMapAndTrueNpyAreTheSame) {
  const std::vector<float> values = solos_values(4);
  const RawPose raw = read_pose(write_raw("skeleton.npy", values));
  const RawPose npy = read_pose(write_npy("true.npy", {4, 3, 47}, values));
  ASSERT_EQ(raw.frames(), 4);
  EXPECT_EQ(raw.format, "Solos raw memory map");
  EXPECT_EQ(npy.format, "Solos npy");
  EXPECT_EQ(raw.data, npy.data);
  EXPECT_TRUE(raw.filled && npy.filled);
  EXPECT_DOUBLE_EQ(raw.times[3], 3 / 25.0);
  EXPECT_FLOAT_EQ(raw.joint(2, 31)[0], 2031);
  EXPECT_FLOAT_EQ(raw.joint(2, 31)[1], 2031.5F);
  EXPECT_FLOAT_EQ(raw.joint(2, 31)[2], 0.31F);
}

TEST_F(Arrays, RowsCutOneVideoOut) {
  const std::vector<float> values = solos_values(6);
  for (const std::filesystem::path& path :
       {write_raw("skeleton.npy", values), write_npy("true.npy", {6, 3, 47}, values)}) {
    const RawPose pose = read_pose(path, {.rows = {{2, 5}}});
    ASSERT_EQ(pose.frames(), 3);
    EXPECT_DOUBLE_EQ(pose.times[0], 0);
    EXPECT_FLOAT_EQ(pose.joint(0, 0)[0], 2000);
    EXPECT_FLOAT_EQ(pose.joint(2, 46)[0], 4046);
    for (const auto& [start, stop] : {std::pair(-1, 3), {3, 3}, {4, 2}, {0, 7}, {6, 7}}) {
      EXPECT_NE(sentence_of_error([&] {
                  read_pose(path, {.rows = {{start, stop}}});
                }).find("0 to 6"),
                std::string::npos);
    }
  }
}

TEST_F(Arrays, ARawMapMustDivideIntoFrames) {
  std::vector<float> values = solos_values(2);
  values.pop_back();
  EXPECT_NE(sentence_of_error([&] { read_pose(write_raw("a.npy", values)); }).find("564 bytes"),
            std::string::npos);
  EXPECT_NE(sentence_of_error([&] { read_pose(write("empty.npy", "")); }).find("564 bytes"),
            std::string::npos);
  EXPECT_NE(sentence_of_error([&] {
              read_pose(write_raw("b.npy", solos_values(1)), {.format = PoseFormat::npy});
            }).find("expected an NPY file"),
            std::string::npos);
}

TEST_F(Arrays, RandomBytesAreNotTakenForKeypoints) {
  std::string bytes;
  for (int i = 0; i < 564 * 3; ++i) {
    bytes += static_cast<char>(i % 7 == 0 ? 0xFF : 0x60 + i % 31);
  }
  EXPECT_NE(
      sentence_of_error([&] { read_pose(write("noise.npy", bytes)); }).find("not coordinates"),
      std::string::npos);
}

TEST_F(Arrays, OtherShapesAreRefusedWithTheirShape) {
  const auto refused = [&](std::vector<std::int64_t> shape, PoseFormat format) {
    std::size_t count = 1;
    for (const std::int64_t size : shape) {
      count *= static_cast<std::size_t>(size);
    }
    const auto path = write_npy("x.npy", std::move(shape), std::vector<float>(count, 1.0F));
    return sentence_of_error([&] { read_pose(path, {.format = format}); });
  };
  EXPECT_NE(refused({4, 25, 3}, PoseFormat::automatic).find("got (4, 25, 3)"), std::string::npos);
  EXPECT_NE(refused({4, 46, 3}, PoseFormat::npy).find("got (4, 46, 3)"), std::string::npos);
  EXPECT_NE(refused({4, 47, 2}, PoseFormat::automatic).find("got (4, 47, 2)"), std::string::npos);
  EXPECT_NE(refused({4, 141}, PoseFormat::automatic).find("got (4, 141)"), std::string::npos);
  EXPECT_NE(refused({2, 3, 47}, PoseFormat::npy).find("(frames, 47, 3)"), std::string::npos);
  EXPECT_NE(refused({2, 47, 3}, PoseFormat::solos).find("(frames, 3, 47)"), std::string::npos);
  EXPECT_NE(refused({0, 47, 3}, PoseFormat::automatic).find("no frame"), std::string::npos);
}

TEST_F(Arrays, UnusableNumbersBecomeGaps) {
  std::vector<float> values = solos_values(2);
  values[5] = std::numeric_limits<float>::quiet_NaN();       // x of joint 5
  values[47 + 6] = std::numeric_limits<float>::infinity();   // y of joint 6
  values[94 + 7] = -std::numeric_limits<float>::infinity();  // confidence of joint 7
  values[8] = 2e6F;
  values[94 + 9] = 7;
  const RawPose pose = read_pose(write_raw("s.npy", values));
  EXPECT_EQ(pose.bad_numbers, 4);
  for (int joint = 5; joint <= 8; ++joint) {
    EXPECT_EQ(pose.joint(0, joint)[0], 0);
    EXPECT_EQ(pose.joint(0, joint)[1], 0);
    EXPECT_EQ(pose.joint(0, joint)[2], 0);
  }
  EXPECT_EQ(pose.joint(0, 9)[2], 1);
}

TEST_F(Arrays, ZerosThroughoutAreRefused) {
  EXPECT_NE(sentence_of_error([&] {
              read_pose(write_npy("z.npy", {3, 47, 3}, std::vector<float>(423)));
            }).find("zeros in all 3 frames"),
            std::string::npos);
}

TEST_F(Arrays, OurNpyIsFilledUnlessAJointIsAbsent) {
  PoseSequence pose{.fps = 25, .frames = 2, .data = std::vector<float>(2 * 141, 3.0F)};
  for (int joint = 0; joint < kJoints; ++joint) {
    pose.joint(1, joint)[2] = 0;  // filled: a position of confidence 0
  }
  save_pose_npy(folder() / "p.npy", pose);
  EXPECT_TRUE(read_pose(folder() / "p.npy").filled);
  EXPECT_EQ(read_pose(folder() / "p.npy").joint(0, 3)[0], 3);
  set(pose.joint(1, 40), 0, 0, 0);
  save_pose_npy(folder() / "p.npy", pose);
  EXPECT_FALSE(read_pose(folder() / "p.npy").filled);
}

TEST_F(Arrays, APreparedSequenceComesBackAsItWasSaved) {
  PoseSequence pose{.fps = 25, .frames = 3, .data = {}};
  for (int i = 0; i < 3 * 141; ++i) {
    pose.data.push_back(static_cast<float>(i) / 7);
  }
  save_pose_npy(folder() / "p.npy", pose);
  const PoseSequence back = read_pose_npy(folder() / "p.npy", 25);
  EXPECT_EQ(back.frames, 3);
  EXPECT_EQ(back.data, pose.data);
  EXPECT_DOUBLE_EQ(back.seconds(), 0.12);
}

TEST_F(Arrays, APreparedSequenceOfAnotherShapeOrWithNanIsRefused) {
  EXPECT_NE(sentence_of_error([&] {
              read_pose_npy(write_npy("s.npy", {2, 3, 47}, std::vector<float>(282)));
            }).find("got (2, 3, 47)"),
            std::string::npos);
  std::vector<float> values(282, 1.0F);
  values[150] = std::nanf("");
  EXPECT_NE(sentence_of_error([&] {
              read_pose_npy(write_npy("n.npy", {2, 47, 3}, values));
            }).find("frame 1"),
            std::string::npos);
}

TEST_F(Arrays, PeopleCannotBeChosenInArrays) {
  const auto path = write_raw("s.npy", solos_values(1));
  EXPECT_NE(sentence_of_error([&] {
              read_pose(path, {.person = 0});
            }).find("files that list people only"),
            std::string::npos);
}

}  // namespace
}  // namespace minet::pose
