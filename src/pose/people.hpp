// Which of several people is the player.
#pragma once

#include <cstdint>
#include <vector>

#include "minet/pose/gaps.hpp"
#include "minet/pose/readers.hpp"
#include "pose/layouts.hpp"

namespace minet::pose {

// Per file the index of the player among its people; -1: not there. `numbers` are the files' frame
// numbers, rising. Where people carry a tracker's ids, these are followed as hints, and
// `options.person` is one of them; that several became one person goes to `notices`. InputError if
// it is never there.
std::vector<int> choose_person(const std::vector<std::vector<Person>>& files,
                               const std::vector<std::int64_t>& numbers,
                               const ReadPoseOptions& options, const std::filesystem::path& source,
                               Notices& notices);

}  // namespace minet::pose
