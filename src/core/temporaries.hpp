// Names of what is still being written, and who writes it.
//
// A file: ".NAME.PID-N.partial" beside its target; a folder: "TARGET.partial-PID-N". A temporary
// is stale when its process is gone, or when it has our own process id but we did not make it
// (in containers the process id is often the same again).
#pragma once

#include <filesystem>
#include <string>

namespace minet::detail {

std::filesystem::path new_file_temporary(const std::filesystem::path& target);
std::filesystem::path new_folder_temporary(const std::filesystem::path& target);
void forget_temporary(const std::filesystem::path& temporary);

bool is_stale_temporary(const std::filesystem::path& path);

std::string error_text(int error_number);  // of errno

}  // namespace minet::detail
