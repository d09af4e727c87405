// Small CSV tables (RFC 4180: quotes, embedded commas and line ends; also CRLF, a BOM, and the
// semicolons or tabs that spreadsheets write instead of commas).
#pragma once

#include <filesystem>
#include <optional>
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
  char separator = ',';

  // Column index by name; InputError lists the columns there are.
  std::size_t column(std::string_view name) const;
  bool has_column(std::string_view name) const;
};

// InputError with the line of a row whose cell count differs from the header's.
CsvTable read_csv(const std::filesystem::path& path);
CsvTable parse_csv(std::string_view text, std::string name);

// The one of comma, semicolon and tab that occurs most often outside quotes; a comma if none does.
char csv_separator(std::string_view header);

// A number in a cell; where commas do not separate cells, "29,97" is 29.97.
std::optional<double> parse_cell(std::string_view cell, char separator);

// One line, quoted where needed, ending in '\n'.
std::string csv_line(const std::vector<std::string>& cells);

}  // namespace minet
