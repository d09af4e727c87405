// Shared by the fuzzed readers. A reader may return or throw InputError; anything else is a
// find.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/temp_folder.hpp"

namespace minet::fuzz {

struct Target {
  const char* name;
  void (*run)(std::string_view bytes);
};
// Each harness defines its own.
std::span<const Target> readers();
void score(std::string_view bytes);

inline void require(bool holds, const char* what) {
  if (holds) return;
  std::cerr << "does not hold: " << what << '\n';
  std::abort();
}

// Files for readers that open files: in TMPDIR, which scripts/fuzz.sh places in memory.
class Files {
 public:
  std::filesystem::path write(const std::string& name, std::string_view bytes) {
    const std::filesystem::path path = folder_ / name;
    std::ofstream(path, std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path;
  }
  const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  TempFolder folder_;
};

inline Files& files() {
  static Files made;
  return made;
}

// Splits an input into `count` files, separated by 0x1e.
inline std::vector<std::string_view> parts_of(std::string_view bytes, std::size_t count) {
  std::vector<std::string_view> parts;
  while (parts.size() + 1 < count) {
    const std::size_t end = std::min(bytes.find('\x1e'), bytes.size());
    parts.push_back(bytes.substr(0, end));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  parts.push_back(bytes);
  return parts;
}

}  // namespace minet::fuzz
