// Names as they stand in messages.
#pragma once

#include <filesystem>
#include <string>

namespace minet {

// The name of a file or folder, safe for a terminal (text.hpp, printable).
std::string shown(const std::filesystem::path& path);

}  // namespace minet
