// Guesses the type of a file that could not be read as what was expected, for error messages.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace minet {

// From its first bytes: "a PNG image", "text in UTF-16, so save it as UTF-8", "a binary file".
// Empty for plain text.
std::string file_kind(std::string_view bytes);
// The same for a file; empty if it cannot be read.
std::string file_kind_of(const std::filesystem::path& path);

}  // namespace minet
