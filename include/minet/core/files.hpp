// Atomic writes: a file or folder appears complete or not at all.
//
// A save checks the free space, writes a temporary beside the target (opened exclusively), syncs
// and closes it, links the old file to NAME.prev if asked, renames the temporary over the target,
// and syncs the folder. A failed fsync is not repeated, because the kernel may have dropped the
// data.
//
// Links, devices, pipes and sockets are never replaced, whatever the options: InputError.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace minet {

namespace detail {
class HeldFolder;
}

// The system calls of a save; tests override them to inject faults. Each returns 0 or a byte count,
// or -errno.
class FileOps {
 public:
  virtual ~FileOps() = default;
  virtual int open_exclusive(const std::filesystem::path& path);
  virtual std::ptrdiff_t write(int fd, const void* data, std::size_t size);
  virtual int sync(int fd);
  virtual int close(int fd);
  virtual int link(const std::filesystem::path& from, const std::filesystem::path& to);
  virtual int rename(const std::filesystem::path& from, const std::filesystem::path& to);
  // -EEXIST if `to` exists.
  virtual int rename_new(const std::filesystem::path& from, const std::filesystem::path& to);
  virtual int sync_folder(const std::filesystem::path& folder);
  virtual int remove(const std::filesystem::path& path);
  virtual std::uint64_t free_bytes(const std::filesystem::path& folder);  // UINT64_MAX if unknown
  static FileOps& system();
};

struct SaveOptions {
  bool keep_previous = false;        // keep the old content under NAME.prev (before the extension)
  bool replace = true;               // false: InputError if the target exists by then
  std::uint64_t expected_bytes = 0;  // checked against the free space before anything is written
  FileOps* ops = nullptr;            // nullptr: FileOps::system()
};

// Writes one file. `commit` puts it in place; if destroyed without it, nothing is left behind. The
// first writer in a folder also removes temporaries of killed processes.
class FileWriter {
 public:
  explicit FileWriter(std::filesystem::path target, SaveOptions options = {});
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;
  void write(std::span<const std::byte> bytes);  // WorkError
  void write(std::string_view text);
  void commit();  // WorkError

 private:
  struct State;
  std::unique_ptr<State> state_;
};

void save_file(const std::filesystem::path& target, std::span<const std::byte> bytes,
               SaveOptions options = {});
void save_file(const std::filesystem::path& target, std::string_view text,
               SaveOptions options = {});

// For files that another program writes. `write` gets a path in a temporary folder beside the
// target, with the same file name; the file is then synced and renamed to the target. If `write`
// throws or leaves no file (WorkError), the target is unchanged.
void save_file_by(const std::filesystem::path& target,
                  const std::function<void(const std::filesystem::path&)>& write,
                  bool replace = true);

// "a/model.safetensors" -> "a/model.prev.safetensors".
std::filesystem::path previous_path(const std::filesystem::path& target);

// Builds a folder beside its target (TARGET.partial-PID-N), then syncs and renames it. An existing
// target is an InputError unless `replace` is set: then both are exchanged in one step (if the file
// system supports it) and the old one is removed.
class FolderWriter {
 public:
  explicit FolderWriter(std::filesystem::path target, bool replace = false);
  ~FolderWriter();
  FolderWriter(const FolderWriter&) = delete;
  FolderWriter& operator=(const FolderWriter&) = delete;
  const std::filesystem::path& path() const;  // write here
  void commit();

 private:
  std::filesystem::path target_;
  bool replace_;
  bool committed_ = false;
  std::unique_ptr<detail::HeldFolder> partial_;
};

// InputError if `path` exists and `force` is false ("… exists; choose another name or the option
// 'force'"), or if it is a link, a device, a pipe or a socket, which are never replaced.
void refuse_overwrite(const std::filesystem::path& path, bool force);

// Removes temporaries (files and folders) in `folder` whose process has ended.
void remove_stale_temporaries(const std::filesystem::path& folder);

// Whether a name from untrusted data can be a file name: letters, digits, '.', '_' and '-', at most
// 128 of them, not starting with '.'.
bool is_safe_name(std::string_view name);
// root/name; InputError unless is_safe_name(name).
std::filesystem::path safe_child(const std::filesystem::path& root, std::string_view name);

// Why nothing can be read at `path`, to end a sentence: "there is no such file", a dangling link,
// or a name stored in another Unicode normalisation form.
std::string why_absent(const std::filesystem::path& path);

// Whether an errno of open or read points to a problem of this process or machine (no memory, too
// many open files, a failing disk) and not of the input.
bool is_own_trouble(int error_number);

// Opens a file for reading in pieces. InputError if it is missing, unreadable, a folder, or a
// device or pipe, which could block for ever; WorkError if is_own_trouble.
std::ifstream open_input(const std::filesystem::path& path);

// The whole file. Errors as for open_input; larger than `max_bytes` is an InputError.
std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes);

// Lets one process at a time use a folder: holds FOLDER/.lock, which contains the process id, until
// destroyed. InputError if another process holds it.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int fd_ = -1;
};

}  // namespace minet
