// Arguments as main() and exec() take them.
#pragma once

#include <string>
#include <vector>

namespace minet {

// Null-terminated. Valid as long as `words` is neither modified nor moved.
inline std::vector<char*> argv_of(std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  return argv;
}

}  // namespace minet
