// Building and reading short texts: messages, numbers, nearest names.
#pragma once

#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace minet {

// The arguments streamed one after the other: text("got ", 3, " joints").
template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream stream;
  (stream << ... << parts);
  return std::move(stream).str();
}

// The fewest digits that read back to the same double, independent of the locale; with an exponent
// only below 1e-5 and from 1e15 on.
std::string to_text(double value);

// Whole-string conversions, independent of the locale; nullopt if anything is left over, out of
// range, or not finite ("nan" and "inf" are not numbers here).
std::optional<double> parse_double(std::string_view text);
std::optional<long long> parse_integer(std::string_view text);

std::string_view trim(std::string_view text);
std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string lower(std::string_view text);  // ASCII

// The candidate with the smallest edit distance to `name`, if near enough to be a typing error.
std::optional<std::string> nearest_name(std::string_view name,
                                        const std::vector<std::string>& candidates);

// `text` with control bytes, ESC and invalid UTF-8 written as \xNN, so that names from files can be
// printed on a terminal safely.
std::string printable(std::string_view text);

// "1.5 s", "3 min 20 s", "2 h 5 min".
std::string human_duration(double seconds);

}  // namespace minet
