// Names and locks of files and folders that are being written.
//
// A file: ".NAME.PID-N.partial" beside its target; a folder: "TARGET.partial-PID-N". Its writer
// holds a lock (flock) on it. A temporary is stale if nobody holds its lock and its process is
// gone, or has our own process id though we did not make it: containers that share a folder do not
// see each other's processes, and often have the same process ids.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string>

namespace minet::detail {

inline constexpr std::size_t kLongestName = 255;  // bytes: NAME_MAX of Linux's file systems

// InputError if the name of a file or folder to create is longer than that.
void check_name_length(const std::filesystem::path& target);

// "TARGET.partial-", the prefix of its folder temporaries. Long names are shortened, so that the
// name of a temporary is valid wherever that of its target is.
std::string folder_mark(const std::filesystem::path& target);

std::filesystem::path new_file_temporary(const std::filesystem::path& target);
std::filesystem::path new_folder_temporary(const std::filesystem::path& target);
void forget_temporary(const std::filesystem::path& temporary);

// Locks a temporary for as long as it is open; best effort.
void hold_temporary(int fd);

// A new folder temporary of `target`, locked by this process; stale ones are removed first. The
// destructor removes it with its contents, unless it was kept.
class HeldFolder {
 public:
  HeldFolder(const std::filesystem::path& target, mode_t mode);
  ~HeldFolder();
  HeldFolder(const HeldFolder&) = delete;
  HeldFolder& operator=(const HeldFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  int error() const { return error_; }  // errno if it could not be created, else 0
  void keep();                          // call it after renaming the folder

 private:
  std::filesystem::path path_;
  int error_ = 0;
  int held_ = -1;  // its descriptor, locked
  bool kept_ = false;
};

bool is_stale_temporary(const std::filesystem::path& path);

// Removes stale temporary files in a folder; once per process and folder.
void sweep_once(const std::filesystem::path& folder);

std::string error_text(int error_number);  // the message of an errno

}  // namespace minet::detail
