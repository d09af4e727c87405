// All problems in the files of a configuration, collected and thrown as one error.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/document.hpp"

namespace minet::config {

// The source of values: a file, or one `--set`.
struct Source {
  std::string name;       // as printed
  std::size_t order = 0;  // sources' problems are sorted by it
  bool has_lines = true;  // false for `--set`, which is one line anyway
};

// Where a value was set, for messages about broken rules between values.
struct Place {
  Source source;
  Position position;
};

class Problems {
 public:
  // `key` is a full path, or "" for the file itself.
  void add(const Place& place, std::string_view key, std::string_view message);
  bool empty() const { return problems_.empty(); }
  // InputError if there is any: sorted by file and line, without duplicates, at most 50.
  void throw_if_any() const;

 private:
  struct Problem {
    std::size_t order;
    Position position;
    std::string text;
  };
  std::vector<Problem> problems_;
};

}  // namespace minet::config
