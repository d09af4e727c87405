// explain() and docs/configuration.md, from the rows of listing.hpp and the rules of rules.hpp.
#include <algorithm>
#include <array>

#include "config/built_in.hpp"
#include "config/listing.hpp"
#include "config/rules.hpp"
#include "minet/config/config.hpp"
#include "minet/core/text.hpp"

namespace minet::config {
namespace {

constexpr std::string_view kPreamble = R"(# Configuration

*Generated from `src/config/fields.hpp`; a test compares the two and prints the command that updates this page.*

`mi_train CONFIG.yaml` takes one YAML file. `configs/paper.yaml` lists every key with its meaning; `configs/tiny.yaml`
trains in minutes on two CPU cores. A file only needs the keys that it changes.

Values come from these sources, and later ones override earlier ones: the defaults below (the paper preset), the files
of `include:` in order, the file itself, `--set section.key=value` in order. `include:` is a path, or a list of paths,
relative to the file that names it. A list replaces the earlier list; it is not appended.

The reader is strict: unknown, duplicate and empty keys, wrong types, values out of range, YAML anchors, aliases, tags
and additional documents are errors, and all problems are reported at once with line and column. Numbers are decimal
(`010` is refused), booleans are `true` or `false`.

**Origin** of a default:

| origin | meaning |
|---|---|
| paper | stated in the paper, arXiv 2012.03478 |
| inferred | follows from the paper by arithmetic, or from work it builds on |
| ours | not in the paper; chosen for minet |

`mi_train --explain` prints this table with the values of a configuration.
)";

std::string padded(std::string_view cell, std::size_t width) {
  std::string result(cell);
  result.resize(std::max(width, result.size()), ' ');
  return result;
}

// "paper"; for a changed value also the preset's value, so that it does not pass for the paper's.
std::string provenance(const Row& row, const Row& preset) {
  if (row.value == preset.value) return origin_text(row.origin);
  return text("changed (", origin_text(row.origin), ": ", preset.value, ")");
}

}  // namespace

std::string explain(const TrainConfig& config) {
  const Listing listing = list(config);
  const auto presets = list(TrainConfig{}).rows;
  std::vector<std::array<std::string, 4>> lines{{"key", "value", "origin", "meaning"}};
  for (std::size_t i = 0; i < listing.rows.size(); ++i) {
    const Row& row = listing.rows[i];
    lines.push_back({row.path(), row.value, provenance(row, presets[i]), row.doc});
  }
  std::array<std::size_t, 3> widths{};
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string table;
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < widths.size(); ++i) table += padded(line[i], widths[i] + 2);
    table += line.back() + "\n";
  }
  table += "\nnot configurable:\n";
  for (const BuiltIn& one : kBuiltIn) {
    table +=
        text("  ", one.part, ": ", one.what, " (", origin_text(one.origin), "): ", one.doc, "\n");
  }
  table +=
      "\npaper: stated in arXiv 2012.03478; inferred: follows from it, or from work it builds "
      "on; ours: not in the paper; changed: differs from the paper preset\n";
  return table;
}

std::string documentation_markdown() {
  const Listing listing = list(TrainConfig{});
  std::string page(kPreamble);
  for (const SectionText& section : listing.sections) {
    page +=
        text("\n## ", section.name, "\n", section.doc,
             "\n\n| key | default | legal values | origin | meaning |\n|---|---|---|---|---|\n");
    for (const Row& row : listing.rows) {
      if (row.section != section.name) continue;
      page += text("| `", row.key, "` | `", row.value, "` | ", row.legal, " | ",
                   origin_text(row.origin), " | ", row.doc, " |\n");
    }
  }
  page += "\n## Not configurable\n| part | what | origin | meaning |\n|---|---|---|---|\n";
  for (const BuiltIn& one : kBuiltIn) {
    page += text("| ", one.part, " | ", one.what, " | ", origin_text(one.origin), " | ", one.doc,
                 " |\n");
  }
  page += "\n## Rules between values\nA configuration is refused unless\n\n";
  for (const Rule& rule : rules()) page += text("- ", rule.doc, "\n");
  page += "\nRecommended; a warning is printed otherwise:\n\n";
  for (const Rule& rule : advice_rules()) page += text("- ", rule.doc, "\n");
  return page;
}

}  // namespace minet::config
