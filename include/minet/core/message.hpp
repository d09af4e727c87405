// Makes text from any source safe and short enough for a terminal or a log.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace minet {

inline constexpr std::size_t kLongestLine = 2000;  // bytes per line of a message

// `printable` (text.hpp) for each line; line breaks are kept.
std::string printable_lines(std::string_view text);

// The same, but lines over kLongestLine bytes are shortened in the middle and at most 100 lines are
// kept, because a value quoted from a file can be as long as the file.
std::string shortened_lines(std::string_view text);

// At most 80 bytes of a value, printable, then "...": for an error that quotes a file.
std::string excerpt(std::string_view value);

}  // namespace minet
