// Chooses the player if a tracker numbered the people.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "minet/pose/readers.hpp"
#include "pose/join_tracks.hpp"
#include "pose/layouts.hpp"

namespace minet::pose {

// The player for choose_person, if some people have an id. An id is a hint, not an identity:
// trackers change a person's id, omit it for a while, and swap two. So people are followed by
// position, and ids only decide between those within reach. Unless an id is requested, tracks are
// joined as those of people without ids are.
Followed choose_tracked(const std::vector<std::vector<Person>>& files,
                        const std::vector<std::int64_t>& numbers, const ReadPoseOptions& options,
                        const std::filesystem::path& source, Notices& notices);

}  // namespace minet::pose
