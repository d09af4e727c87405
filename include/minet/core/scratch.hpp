#pragma once

#include <filesystem>

namespace minet {

// A new folder in temporary_folder(), for this process alone, removed with all in it at the end.
class ScratchFolder {
 public:
  ScratchFolder();  // WorkError
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace minet
