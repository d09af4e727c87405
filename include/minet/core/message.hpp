// Texts of any origin as they may stand on a terminal or in a log.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace minet {

inline constexpr std::size_t kLongestLine = 2000;  // bytes of a line of a message

// The text with each of its lines printable (text.hpp). Line breaks stay.
std::string printable_lines(std::string_view text);

// The same with lines of more than kLongestLine bytes shortened in the middle, and the middle of
// more than 100 lines left out: a value from a file may be as long as the file.
std::string shortened_lines(std::string_view text);

}  // namespace minet
