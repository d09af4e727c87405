// Names of what is still being written, and who writes it.
//
// A file: ".NAME.PID-N.partial" beside its target; a folder: "TARGET.partial-PID-N". Who writes one
// holds a lock (flock) on it. A temporary is stale when nobody holds it and its process is gone, or
// has our own process id though we did not make it: containers that share a folder do not see each
// other's processes, and their ids are often the same.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace minet::detail {

inline constexpr std::size_t kLongestName = 255;  // bytes: NAME_MAX of Linux's file systems

// InputError where the name of a file or folder to make is longer than that.
void check_name_length(const std::filesystem::path& target);

// "TARGET.partial-": what the names of its folder temporaries begin with. Long names are shortened,
// so that a temporary's name fits wherever its target's does.
std::string folder_mark(const std::filesystem::path& target);

std::filesystem::path new_file_temporary(const std::filesystem::path& target);
std::filesystem::path new_folder_temporary(const std::filesystem::path& target);
void forget_temporary(const std::filesystem::path& temporary);

// Locks an open temporary for as long as it is open; best effort.
void hold_temporary(int fd);
// The same for a folder that was just made: its descriptor, or -1.
int hold_folder(const std::filesystem::path& folder);

bool is_stale_temporary(const std::filesystem::path& path);

// Removes stale files among the temporaries of a folder; looks once a process.
void sweep_once(const std::filesystem::path& folder);
// Removes stale folders beside `target` that were to become it.
void sweep_folders_of(const std::filesystem::path& target);

std::string error_text(int error_number);  // of errno

}  // namespace minet::detail
