// Sorting and formatting of a configuration's problems (see problems.hpp).
#include "config/problems.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "minet/core/errors.hpp"
#include "minet/core/message.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"

namespace minet::config {

void Problems::add(const Place& place, std::string_view key, std::string_view message) {
  const auto& [source, position] = place;
  std::string line = source.name;
  if (source.has_lines && position.line > 0) {
    line += text(":", position.line, ":", position.column);
  }
  line += ": ";
  if (!key.empty()) line += text(excerpt(key), ": ");
  line += message;
  const Position where = source.has_lines ? position : Position{};
  problems_.push_back({source.order, where, std::move(line)});
}

void Problems::throw_if_any() const {
  if (problems_.empty()) return;
  std::vector<Problem> sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.order, a.position.line, a.position.column) <
           std::tie(b.order, b.position.line, b.position.column);
  });
  // A file that is included twice reports its problems twice.
  std::vector<std::string> lines;
  for (const Problem& problem : sorted) {
    if (std::find(lines.begin(), lines.end(), problem.text) == lines.end()) {
      lines.push_back(problem.text);
    }
  }
  if (lines.size() == 1) throw InputError(lines.front());
  constexpr std::size_t kMostLines = 50;
  std::string message = text(counted(lines.size(), "problem"), " in the configuration:");
  for (std::size_t i = 0; i < std::min(lines.size(), kMostLines); ++i) {
    message += "\n  " + lines[i];
  }
  if (lines.size() > kMostLines) {
    message += text("\n  and ", lines.size() - kMostLines, " more");
  }
  throw InputError(message);
}

}  // namespace minet::config
