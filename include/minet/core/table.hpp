// Formats numbers and tables for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace minet {

// Three significant digits without an exponent: "0.0123", "4.69", "323".
std::string figure(double value);

// Rounded to tenths: "1.5", "3". For pixel positions and times in seconds.
std::string tenths(double value);

// `share` (0 to 1) as a percentage with one decimal: "12.5 %".
std::string percent(double share);

// The first column is aligned left, the others right; two spaces between columns, one line per row.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace minet
