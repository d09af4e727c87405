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
  std::string name;  // used in messages; usually the path
  std::vector<std::string> header;
  std::vector<CsvRow> rows;
  char separator = ',';

  // The index of a column; if there is none of that name, an InputError that lists all columns.
  std::size_t column(std::string_view name) const;
  bool has_column(std::string_view name) const;
};

// A row with more or fewer cells than the header is an InputError with its line number.
CsvTable read_csv(const std::filesystem::path& path);
CsvTable parse_csv(std::string_view text, std::string name);

// Whichever of comma, semicolon and tab occurs most often outside quotes; a comma if none does.
char csv_separator(std::string_view header);

// The number in a cell. If cells are not separated by commas, "29,97" is read as 29.97.
std::optional<double> parse_cell(std::string_view cell, char separator);

// One line, quoted where needed, ending in '\n'.
std::string csv_line(const std::vector<std::string>& cells);

}  // namespace minet
