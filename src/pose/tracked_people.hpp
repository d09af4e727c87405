// Who the player is where a tracker has numbered the people.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "minet/pose/readers.hpp"
#include "pose/layouts.hpp"

namespace minet::pose {

// As choose_person, for people of whom some carry an id. An id is a hint, not an identity: trackers
// begin a new one in the middle, leave it out for a while, and swap two. So people are followed by
// place, and an id decides only between those who are within reach.
std::vector<int> choose_tracked(const std::vector<std::vector<Person>>& files,
                                const std::vector<std::int64_t>& numbers,
                                const ReadPoseOptions& options, const std::filesystem::path& source,
                                Notices& notices);

}  // namespace minet::pose
