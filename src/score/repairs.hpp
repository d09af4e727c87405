// Repairs made while reading a file, one line per kind: the first case in full, the others counted,
// so that a corrupt file does not give a list of a million lines.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "minet/core/text.hpp"

namespace minet::score {

class Repairs {
 public:
  // `kind` names the group; `make_line` returns what was wrong, where, and how it was read. It is
  // called only for the first case of a kind.
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
