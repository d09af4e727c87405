// Formats counts, lists and file names for messages.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "minet/core/text.hpp"

namespace minet {

// "1 thread", "2 threads". For other plurals: counted(n, "note is", "notes are").
template <class Count>
std::string counted(Count count, std::string_view noun, std::string_view plural = {}) {
  if (count == Count{1}) return text(count, ' ', noun);
  return plural.empty() ? text(count, ' ', noun, 's') : text(count, ' ', plural);
}

std::string word_list(const std::vector<std::string>& words);  // "a, b or c"

// "a, b, c and 4 more": at most `most` of the names.
std::string listed(std::vector<std::string> names, std::size_t most);

// The path of a file or folder, made printable (text.hpp).
std::string shown(const std::filesystem::path& path);

}  // namespace minet
