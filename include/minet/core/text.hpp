// Helpers for short texts: building messages, parsing numbers, suggesting names.
#pragma once

#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace minet {

// Concatenates its arguments as `<<` prints them: text("got ", 3, " joints").
template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream stream;
  (stream << ... << parts);
  return std::move(stream).str();
}

// The shortest text that parses back to the same double, independent of the locale. Uses an
// exponent only below 1e-5 and from 1e15 on.
std::string to_text(double value);

// Parse the whole string, independent of the locale; nullopt if characters are left over or the
// value is out of range or not finite ("nan", "inf").
std::optional<double> parse_double(std::string_view text);
std::optional<long long> parse_integer(std::string_view text);

std::string_view trim(std::string_view text);
std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string lower(std::string_view text);  // ASCII

// The candidate with the smallest edit distance to `name`, if close enough to be a typo.
std::optional<std::string> nearest_name(std::string_view name,
                                        const std::vector<std::string>& candidates);

// `text` with control characters and invalid UTF-8 written as \xNN, so that text from files cannot
// control the terminal.
std::string printable(std::string_view text);

// "1.5 s", "3 min 20 s", "2 h 5 min".
std::string human_duration(double seconds);

}  // namespace minet
