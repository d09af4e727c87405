#include "minet/core/message.hpp"

#include <vector>

#include "minet/core/text.hpp"
#include "minet/core/words.hpp"

namespace minet {
namespace {

constexpr std::size_t kMostLines = 100;

bool continues_a_character(char c) {  // UTF-8
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

std::string shortened(const std::string& line) {
  if (line.size() <= kLongestLine) return line;
  std::size_t head = kLongestLine / 2, tail = line.size() - kLongestLine / 2;
  while (head > 0 && continues_a_character(line[head])) --head;
  while (tail < line.size() && continues_a_character(line[tail])) ++tail;
  return text(line.substr(0, head), " [", tail - head, " bytes left out] ", line.substr(tail));
}

}  // namespace

std::string printable_lines(std::string_view text) {
  std::vector<std::string> lines = split(text, '\n');
  for (std::string& line : lines) line = printable(line);
  return join(lines, "\n");
}

std::string shortened_lines(std::string_view whole) {
  std::vector<std::string> lines = split(whole, '\n');
  if (lines.size() > kMostLines) {
    const std::size_t left_out = lines.size() - kMostLines;
    const auto middle = lines.begin() + static_cast<std::ptrdiff_t>(kMostLines / 2);
    lines.erase(middle, middle + static_cast<std::ptrdiff_t>(left_out));
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(kMostLines / 2),
                 text("[", counted(left_out, "line"), " left out]"));
  }
  for (std::string& line : lines) line = shortened(printable(line));
  return join(lines, "\n");
}

std::string excerpt(std::string_view value) {
  constexpr std::size_t kLongest = 80;
  if (value.size() <= kLongest) return printable(value);
  std::size_t end = kLongest;
  while (end > 0 && continues_a_character(value[end])) --end;
  return printable(value.substr(0, end)) + "...";
}

}  // namespace minet
