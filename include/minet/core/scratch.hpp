#pragma once

#include <filesystem>
#include <string_view>

namespace minet {

// A new folder in temporary_folder(), private to this process and user, removed with its contents
// on destruction. Folders that killed processes left for the same purpose are removed first.
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
