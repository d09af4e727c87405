// Names of what is still being written, and who writes it.
//
// A file: ".NAME.PID-N.partial" beside its target; a folder: "TARGET.partial-PID-N". A temporary
// is stale when its process is gone, or when it has our own process id but we did not make it
// (in containers the process id is often the same again).
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace minet::detail {

inline constexpr std::size_t kLongestName = 255;  // bytes: NAME_MAX of Linux's file systems

// "TARGET.partial-": what the names of its folder temporaries begin with. Long names are shortened,
// so that a temporary's name fits wherever its target's does.
std::string folder_mark(const std::filesystem::path& target);

std::filesystem::path new_file_temporary(const std::filesystem::path& target);
std::filesystem::path new_folder_temporary(const std::filesystem::path& target);
void forget_temporary(const std::filesystem::path& temporary);

bool is_stale_temporary(const std::filesystem::path& path);

std::string error_text(int error_number);  // of errno

}  // namespace minet::detail
