// Chooses the player if a tracker numbered the people.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "minet/pose/readers.hpp"
#include "pose/layouts.hpp"

namespace minet::pose {

// Like choose_person, if some people have an id. An id is a hint, not an identity: trackers change
// a person's id, omit it for a while, and swap two. So people are followed by position, and ids
// only decide between those within reach.
std::vector<int> choose_tracked(const std::vector<std::vector<Person>>& files,
                                const std::vector<std::int64_t>& numbers,
                                const ReadPoseOptions& options, const std::filesystem::path& source,
                                Notices& notices);

}  // namespace minet::pose
