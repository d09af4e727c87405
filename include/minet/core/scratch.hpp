#pragma once

#include <filesystem>
#include <string_view>

namespace minet {

// A new folder in temporary_folder(), for this process and user alone, removed with all in it at
// the end. Those of killed processes for the same purpose are removed before the next is made.
class ScratchFolder {
 public:
  explicit ScratchFolder(std::string_view purpose);  // part of its name; WorkError
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  int held_ = -1;  // its descriptor, locked
};

}  // namespace minet
