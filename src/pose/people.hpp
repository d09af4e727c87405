// Chooses the player among several people.
#pragma once

#include <cstdint>
#include <vector>

#include "minet/pose/gaps.hpp"
#include "minet/pose/readers.hpp"
#include "pose/layouts.hpp"

namespace minet::pose {

// For each file the index of the player among its people; -1: not there. `numbers` are the files'
// frame numbers, increasing. If people have a tracker's ids, these are used as hints, and
// `options.person` is one of them; a notice tells if several ids became one person. InputError if
// that person is never there.
std::vector<int> choose_person(const std::vector<std::vector<Person>>& files,
                               const std::vector<std::int64_t>& numbers,
                               const ReadPoseOptions& options, const std::filesystem::path& source,
                               Notices& notices);

}  // namespace minet::pose
