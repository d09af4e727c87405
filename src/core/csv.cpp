// CSV tables as in RFC 4180, parsed from memory in one pass.
#include "minet/core/csv.hpp"

#include <algorithm>
#include <cstdint>

#include "minet/core/errors.hpp"
#include "minet/core/file_kind.hpp"
#include "minet/core/files.hpp"
#include "minet/core/message.hpp"
#include "minet/core/text.hpp"

namespace minet {
namespace {

// Limits, so that a malicious table cannot take much more memory than its size.
constexpr std::uint64_t kMostBytes = 64ULL << 20;
constexpr std::size_t kMostColumns = 1024;
constexpr std::size_t kMostRows = 1'000'000;

class Reader {
 public:
  Reader(std::string_view text, const std::string& name) : text_(text), name_(name) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
    if (text_.find('\0') != std::string_view::npos) {
      const std::string kind = file_kind(text_);
      throw InputError(text_of("expected a table as text (CSV), but ", printable(name_), " is ",
                               kind.empty() ? "a binary file" : kind));
    }
    separator_ = csv_separator(text_.substr(0, text_.find_first_of("\r\n")));
  }

  char separator() const { return separator_; }

  // Reads the next non-empty line; false at the end.
  bool next(CsvRow& row) {
    while (at_ < text_.size() && take_line_end()) {
    }
    row.cells.clear();
    row.line = line_;
    if (at_ >= text_.size()) return false;
    for (;;) {
      row.cells.push_back(at_ < text_.size() && text_[at_] == '"' ? quoted() : bare());
      if (row.cells.size() > kMostColumns) {
        throw InputError(
            text_of(printable(name_), ":", row.line, ": more than ", kMostColumns, " columns"));
      }
      if (at_ >= text_.size() || take_line_end()) return true;
      ++at_;  // the separator
    }
  }

 private:
  template <class... Parts>
  static std::string text_of(const Parts&... parts) {
    return minet::text(parts...);
  }

  bool take_line_end() {
    const bool carriage = text_[at_] == '\r';
    if (!carriage && text_[at_] != '\n') return false;
    ++at_;
    if (carriage && at_ < text_.size() && text_[at_] == '\n') ++at_;
    ++line_;
    return true;
  }

  std::string bare() {
    const char ends[] = {separator_, '\r', '\n', '\0'};
    const auto end = std::min(text_.find_first_of(ends, at_), text_.size());
    std::string cell(text_.substr(at_, end - at_));
    at_ = end;
    return cell;
  }

  std::string quoted() {
    const std::size_t opened = line_;
    std::string cell;
    for (++at_;; ++at_) {
      if (at_ >= text_.size()) {
        throw InputError(text_of(printable(name_), ":", opened,
                                 ": a quote (\") is opened here and ", "never closed"));
      }
      if (text_[at_] == '"') {
        ++at_;
        if (at_ >= text_.size() || text_[at_] != '"') break;
      } else if (text_[at_] == '\n') {
        ++line_;
      }
      cell += text_[at_];
    }
    if (at_ < text_.size() && text_[at_] != separator_ && text_[at_] != '\r' &&
        text_[at_] != '\n') {
      throw InputError(text_of(printable(name_), ":", line_, ": expected a ",
                               separator_ == ','   ? "comma"
                               : separator_ == ';' ? "semicolon"
                                                   : "tab",
                               " or the line's end after a closing quote (\")"));
    }
    return cell;
  }

  std::string_view text_;
  const std::string& name_;
  char separator_ = ',';
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

}  // namespace

char csv_separator(std::string_view header) {
  char best = ',';
  std::size_t most = 0;
  for (const char candidate : {',', ';', '\t'}) {
    bool quoted = false;
    std::size_t count = 0;
    for (const char c : header) {
      if (c == '"') quoted = !quoted;
      count += !quoted && c == candidate ? 1 : 0;
    }
    if (count > most) {
      best = candidate;
      most = count;
    }
  }
  return best;
}

std::optional<double> parse_cell(std::string_view cell, char separator) {
  std::string number(trim(cell));
  if (separator != ',' && number.find('.') == std::string::npos) {
    const std::size_t comma = number.find(',');
    if (comma != std::string::npos) number[comma] = '.';
  }
  return parse_double(number);
}

std::size_t CsvTable::column(std::string_view wanted) const {
  const auto found = std::find(header.begin(), header.end(), wanted);
  if (found != header.end()) return static_cast<std::size_t>(found - header.begin());
  std::string message = text(printable(name), ": expected a column \"", wanted,
                             "\", but the columns are ", excerpt(join(header, ", ")));
  if (const auto near = nearest_name(wanted, header)) {
    message += text(" (did you mean \"", excerpt(*near), "\"?)");
  }
  throw InputError(message);
}

bool CsvTable::has_column(std::string_view wanted) const {
  return std::find(header.begin(), header.end(), wanted) != header.end();
}

CsvTable parse_csv(std::string_view content, std::string name) {
  CsvTable table;
  table.name = std::move(name);
  if (content.starts_with("\xFF\xFE") || content.starts_with("\xFE\xFF")) {
    throw InputError(text("expected a table in UTF-8, but ", printable(table.name),
                          " is in UTF-16; save it as \"CSV UTF-8\""));
  }
  Reader reader(content, table.name);
  table.separator = reader.separator();
  CsvRow row;
  if (!reader.next(row)) {
    throw InputError(
        text(printable(table.name), " is empty; expected a table (CSV) with a header"));
  }
  for (const std::string& cell : row.cells) table.header.emplace_back(trim(cell));
  for (std::size_t i = 0; i < table.header.size(); ++i) {
    if (std::find(table.header.begin(), table.header.begin() + static_cast<std::ptrdiff_t>(i),
                  table.header[i]) != table.header.begin() + static_cast<std::ptrdiff_t>(i)) {
      throw InputError(text(printable(table.name), ":", row.line, ": the column \"",
                            excerpt(table.header[i]), "\" appears twice"));
    }
  }
  while (reader.next(row)) {
    if (row.cells.size() != table.header.size()) {
      throw InputError(text(printable(table.name), ":", row.line, ": expected ",
                            table.header.size(), " cells as in the header, got ",
                            row.cells.size()));
    }
    if (table.rows.size() >= kMostRows) {
      throw InputError(text(printable(table.name), " has more than ", kMostRows, " rows"));
    }
    table.rows.push_back(row);
  }
  return table;
}

CsvTable read_csv(const std::filesystem::path& path) {
  return parse_csv(read_file(path, kMostBytes), path.string());
}

std::string csv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line += ',';
    // A lone empty cell would be an empty line, which readers skip.
    const bool quote = cells[i].find_first_of(",\"\r\n") != std::string::npos ||
                       (cells.size() == 1 && cells[i].empty());
    if (!quote) {
      line += cells[i];
      continue;
    }
    line += '"';
    for (const char c : cells[i]) line.append(c == '"' ? 2 : 1, c);
    line += '"';
  }
  return line + '\n';
}

}  // namespace minet
