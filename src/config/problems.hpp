// All that is wrong with the files of a configuration, collected and thrown once.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/document.hpp"

namespace minet::config {

// Where values come from: a file, or one `--set`.
struct Source {
  std::string name;       // as printed
  std::size_t order = 0;  // its problems come in this order among the sources
  bool has_lines = true;  // false for `--set`, which is one line anyway
};

// A value's place, to be named when rules between values fail.
struct Place {
  Source source;
  Position position;
};

class Problems {
 public:
  // `key` is a full path, or "" for the file itself.
  void add(const Place& place, std::string_view key, std::string_view message);
  bool empty() const { return problems_.empty(); }
  // InputError if there is any: file by file, line by line, each once, at most 50 of them.
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
