// One OpenPose JSON file -> the people in it as 47 joints each. Streaming: no tree is built.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "minet/pose/skeleton.hpp"

namespace minet::pose {

struct Person {
  std::array<float, static_cast<std::size_t>(kJoints) * kJointValues> points{};  // [47, 3]
  const float* joint(int index) const {
    return points.data() + static_cast<std::size_t>(index) * kJointValues;
  }
  bool seen(int index) const { return joint(index)[2] > 0; }
};

struct OpenPoseFrame {
  std::vector<Person> people;
  std::int64_t bad_numbers = 0;       // joints dropped
  bool body25 = false, coco = false;  // which bodies were met
};

// InputError: too large, too deep, not JSON, not OpenPose, wrong count of numbers.
OpenPoseFrame read_openpose_frame(const std::filesystem::path& path);

}  // namespace minet::pose
