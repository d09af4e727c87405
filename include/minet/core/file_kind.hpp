// What a file is that is not the expected one, for messages.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace minet {

// By the first bytes of its content: "a PNG picture", "text in UTF-16, so save it as UTF-8",
// "a binary file". Empty for other text.
std::string file_kind(std::string_view bytes);
// The same of a file; empty where it cannot be read.
std::string file_kind_of(const std::filesystem::path& path);

}  // namespace minet
