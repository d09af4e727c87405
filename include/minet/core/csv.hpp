// Small CSV tables (RFC 4180: quotes, embedded commas and line ends; also CRLF and a BOM).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace minet {

struct CsvRow {
  std::size_t line = 0;  // 1-based line in the file
  std::vector<std::string> cells;
};

struct CsvTable {
  std::string name;  // for messages, usually the path
  std::vector<std::string> header;
  std::vector<CsvRow> rows;

  // Column index by name; InputError lists the columns there are.
  std::size_t column(std::string_view name) const;
  bool has_column(std::string_view name) const;
};

// InputError with the line of a row whose cell count differs from the header's.
CsvTable read_csv(const std::filesystem::path& path);
CsvTable parse_csv(std::string_view text, std::string name);

// One line, quoted where needed, ending in '\n'.
std::string csv_line(const std::vector<std::string>& cells);

}  // namespace minet
