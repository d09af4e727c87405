// One OpenPose JSON file -> its people, 47 joints each. Streaming: no tree is built.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "pose/layouts.hpp"

namespace minet::pose {

struct OpenPoseFrame {
  std::vector<Person> people;
  std::int64_t bad_numbers = 0;       // joints dropped
  bool body25 = false, coco = false;  // bodies found; body25 also for BODY_25B
};

// `body25b`: 75 numbers are in BODY_25B's order. InputError: too large, too deep, not JSON, not
// OpenPose, wrong count of numbers.
OpenPoseFrame read_openpose_frame(const std::filesystem::path& path, bool body25b = false);

}  // namespace minet::pose
