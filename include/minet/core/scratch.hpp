#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

namespace minet {

namespace detail {
class HeldFolder;
}

// A new folder in temporary_folder(), private to this process and user, removed with its contents
// on destruction. Folders that killed processes left for the same purpose are removed first.
class ScratchFolder {
 public:
  explicit ScratchFolder(std::string_view purpose);  // part of its name; WorkError
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const;

 private:
  std::unique_ptr<detail::HeldFolder> folder_;
};

}  // namespace minet
