#include "minet/core/table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "minet/core/text.hpp"

namespace minet {

std::string figure(double value) {
  if (!std::isfinite(value)) return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
  int decimals = 2;
  if (value != 0) {
    // Of the rounded value: 9.999 is printed as 10.0.
    char rounded[32];
    std::snprintf(rounded, sizeof rounded, "%.2e", value);
    decimals = 2 - std::atoi(std::strchr(rounded, 'e') + 1);
  }
  char buffer[400];
  std::snprintf(buffer, sizeof buffer, "%.*f", std::clamp(decimals, 0, 6), value);
  return buffer;
}

std::string tenths(double value) {
  return to_text(std::round(value * 10) / 10);
}

std::string percent(double share) {
  return tenths(100 * share) + " %";
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string result;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string space(widths[i] - row[i].size(), ' ');
      line += i == 0 ? row[i] + space : "  " + space + row[i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    result += line + '\n';
  }
  return result;
}

}  // namespace minet
