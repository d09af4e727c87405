// Tables and figures for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace minet {

// Three significant digits without an exponent: "0.0123", "4.69", "323".
std::string figure(double value);

// Rounded to tenths: "1.5", "3". For places in pictures, in pixels, and moments, in seconds.
std::string tenths(double value);

// A share in tenths of a percent: "12.5 %".
std::string percent(double share);

// The first column to the left, the others to the right, two spaces between; a line for each row.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace minet
