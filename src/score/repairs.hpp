// What was repaired while a file was read, one line a kind: the first case in full, the others
// counted, so that a file of rubbish makes no list of a million lines.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "minet/core/text.hpp"

namespace minet::score {

class Repairs {
 public:
  // `kind` is a name for the group; `line` says what was wrong, where, and how it was read. It is
  // made only for the first of its kind.
  template <class MakeLine>
  void add(const char* kind, MakeLine make_line) {
    for (auto& entry : entries_) {
      if (entry.kind == kind) {
        ++entry.count;
        return;
      }
    }
    entries_.push_back({kind, make_line(), 1});
  }

  void append_to(std::vector<std::string>& lines) const {
    for (const auto& entry : entries_) {
      lines.push_back(entry.count == 1
                          ? entry.line
                          : text(entry.line, " (and ", entry.count - 1, " more like this)"));
    }
  }

 private:
  struct Entry {
    std::string kind, line;
    std::int64_t count;
  };
  std::vector<Entry> entries_;
};

}  // namespace minet::score
