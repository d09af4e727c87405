// Which of several people in OpenPose's files is the player.
#pragma once

#include <cstdint>
#include <vector>

#include "minet/pose/gaps.hpp"
#include "minet/pose/readers.hpp"
#include "pose/openpose_json.hpp"

namespace minet::pose {

// Per file the index of the player among its people; -1: not there. `numbers` are the files' frame
// numbers, rising. InputError if `options.person` is never there.
std::vector<int> choose_person(const std::vector<std::vector<Person>>& files,
                               const std::vector<std::int64_t>& numbers,
                               const ReadPoseOptions& options, const std::filesystem::path& source);

}  // namespace minet::pose
