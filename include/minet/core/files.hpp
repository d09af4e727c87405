// Files that appear whole or not at all.
//
// A save: free space checked, exclusive temporary beside the target, everything written, fsync,
// close checked, the old file linked to NAME.prev where asked, rename over the target, fsync of the
// folder. An fsync is never repeated: after a failed one the kernel may have dropped the data.
//
// A link, a device, a pipe or a socket is never replaced, whatever the options: InputError.
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

// The system calls of a save, as a seam for fault tests. Each returns 0 or a byte count, or -errno.
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
  bool replace = true;               // false: InputError if the file appeared in the meantime
  std::uint64_t expected_bytes = 0;  // checked against the free space before anything is written
  FileOps* ops = nullptr;            // nullptr: the system's
};

// One file being written; `commit` publishes it, a destructor without commit leaves nothing behind.
// The first file in a folder removes what killed processes left there of theirs.
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

// A file that another program writes: `write` is given a path with the target's file name in a
// folder beside it. What is there afterwards is synced and renamed to the target; where `write`
// throws or leaves no file (WorkError), the target is as it was.
void save_file_by(const std::filesystem::path& target,
                  const std::function<void(const std::filesystem::path&)>& write,
                  bool replace = true);

// "a/model.safetensors" -> "a/model.prev.safetensors".
std::filesystem::path previous_path(const std::filesystem::path& target);

// A folder built beside its target (TARGET.partial-PID-N), synced and renamed once. An existing
// target is an InputError unless `replace`: then old and new change places in one step (where the
// file system can), and the old one is removed.
class FolderWriter {
 public:
  explicit FolderWriter(std::filesystem::path target, bool replace = false);
  ~FolderWriter();
  FolderWriter(const FolderWriter&) = delete;
  FolderWriter& operator=(const FolderWriter&) = delete;
  const std::filesystem::path& path() const { return partial_; }  // write here
  void commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path partial_;
  bool replace_;
  bool committed_ = false;
  int held_ = -1;  // the folder's descriptor, locked while it is written
};

// Throws InputError if `path` exists and `force` is false ("… exists; choose another name or the
// option 'force'"), or if it is what no option replaces: a link, a device, a pipe or a socket.
void refuse_overwrite(const std::filesystem::path& path, bool force);

// Removes temporaries (files and folders) in `folder` whose writing process is gone.
void remove_stale_temporaries(const std::filesystem::path& folder);

// root/name for a name that came from data: letters, digits, '.', '_' and '-', not starting with
// '.', at most 128 long; anything else is an InputError.
bool is_safe_name(std::string_view name);
std::filesystem::path safe_child(const std::filesystem::path& root, std::string_view name);

// Why nothing can be read at `path`, as the end of a sentence: "there is no such file", a link to
// nothing, or a name that is written in another Unicode form on the disk.
std::string why_absent(const std::filesystem::path& path);

// Whether an errno of opening or reading is our own trouble (no memory, too many open files, a
// failing disk) and not the input's.
bool is_own_trouble(int error_number);

// A file to be read in pieces. WorkError for our own trouble; InputError if it is missing, a
// folder, unreadable, or a device or a pipe, which could block for ever.
std::ifstream open_input(const std::filesystem::path& path);

// The whole file; WorkError for our own trouble, InputError if missing, a folder, unreadable or
// larger than `max_bytes`.
std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes);

// One process per folder: holds FOLDER/.lock, which contains its process id, until destroyed;
// InputError if another holds it.
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
