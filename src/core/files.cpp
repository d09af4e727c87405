// Atomic creation of folders, safe names, reading whole files, folder locks.
#include "minet/core/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <utility>

#include "core/temporaries.hpp"
#include "minet/core/access.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"

namespace minet {
namespace {

namespace fs = std::filesystem;

// "a/b/" and "a/./b" -> "a/b".
fs::path plain(const fs::path& path) {
  fs::path out = path.lexically_normal();
  return out.has_filename() ? out : out.parent_path();
}

void sync_file(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  const int error = fd < 0 || ::fsync(fd) != 0 ? errno : 0;
  if (fd >= 0) ::close(fd);
  if (error != 0 && error != EINVAL) {
    throw WorkError(text("cannot sync ", shown(path), ": ", detail::error_text(error)));
  }
}

// Files first, then folders, innermost first.
void sync_tree(const fs::path& folder) {
  for (const fs::path& entry : entries_of(folder)) {
    std::error_code ignored;
    const auto status = fs::symlink_status(entry, ignored);
    if (fs::is_directory(status)) {
      sync_tree(entry);
    } else if (fs::is_regular_file(status)) {
      sync_file(entry);
    }
  }
  sync_file(folder);
}

// Decodes UTF-8 leniently: a byte that starts no sequence counts as a code point of its own.
std::u32string code_points(std::string_view name) {
  std::u32string points;
  for (std::size_t i = 0; i < name.size();) {
    const auto first = static_cast<unsigned char>(name[i]);
    const int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
    char32_t point = more == 0 ? first : first & (0x3Fu >> more);
    for (int k = 0; k < more && i + 1 < name.size(); ++k) {
      point = point << 6 | (static_cast<unsigned char>(name[++i]) & 0x3F);
    }
    points.push_back(point);
    ++i;
  }
  return points;
}

bool is_mark(char32_t c) {  // combining: follows its letter in decomposed form
  return (c >= 0x300 && c <= 0x36F) || (c >= 0x3099 && c <= 0x309A) ||
         (c >= 0x1AB0 && c <= 0x1AFF) || (c >= 0x1DC0 && c <= 0x1DFF) ||
         (c >= 0x1161 && c <= 0x11FF);  // Hangul medial vowels and final consonants
}

// Whether two names may differ only in normalisation: letters that one has composed, the other as
// base and marks. Does not check that the letters match; the result is only a hint in a message.
bool same_but_for_form(const std::u32string& a, const std::u32string& b) {
  std::size_t i = 0, j = 0;
  const auto skip_letter = [](const std::u32string& name, std::size_t& at) {
    const std::size_t begin = at++;
    while (at < name.size() && is_mark(name[at])) ++at;
    return at - begin > 1;  // it was decomposed
  };
  while (i < a.size() && j < b.size()) {
    const char32_t x = a[i], y = b[j];
    const bool more_x = skip_letter(a, i), more_y = skip_letter(b, j);
    const bool whole_x = !more_x && x > 0x7F, whole_y = !more_y && y > 0x7F;
    const bool same = more_x == more_y ? x == y : (more_x ? whole_y : whole_x);
    if (!same) return false;
  }
  return i == a.size() && j == b.size();
}

// A mistyped --force must not remove the folder that the user is in.
void refuse_to_replace_around_us(const fs::path& target) {
  std::error_code error;
  const fs::path whole = fs::canonical(target, error);
  const fs::path here = fs::current_path(error);
  const auto [end, unused] = std::mismatch(whole.begin(), whole.end(), here.begin(), here.end());
  if (end == whole.end()) {
    throw InputError(text(shown(target), " holds the folder that this command runs in, so it will ",
                          "not be replaced; choose another name"));
  }
}

}  // namespace

FolderWriter::FolderWriter(fs::path target, bool replace)
    : target_(plain(target)), replace_(replace) {
  if (target_.empty() || !target_.has_filename() || target_.filename() == "..") {
    throw InputError(text("expected the name of a folder to make, got \"", shown(target), "\""));
  }
  detail::check_name_length(target_);
  std::error_code error;
  const fs::path parent = target_.has_parent_path() ? target_.parent_path() : fs::path(".");
  if (!fs::is_directory(parent, error)) {
    throw InputError(text("the folder of ", shown(target_), " does not exist; make it first"));
  }
  const auto status = fs::symlink_status(target_, error);
  if (fs::exists(status)) {
    refuse_overwrite(target_, replace);
    if (!fs::is_directory(status)) {
      throw InputError(text(shown(target_), " is not a folder, so it cannot be replaced by one; ",
                            "choose another name"));
    }
    refuse_to_replace_around_us(target_);
  }
  partial_ = std::make_unique<detail::HeldFolder>(target_, 0777);
  if (partial_->error() != 0) {
    throw WorkError(text("cannot make the folder ", shown(path()), ": ",
                         detail::error_text(partial_->error())));
  }
}

FolderWriter::~FolderWriter() = default;

const fs::path& FolderWriter::path() const {
  return partial_->path();
}

void FolderWriter::commit() {
  if (committed_) throw WorkError(text(shown(target_), " was committed twice"));
  const fs::path& made = path();
  try {
    sync_tree(made);
  } catch (const fs::filesystem_error& error) {
    throw WorkError(text("cannot sync ", shown(made), ": ", error.code().message()));
  }
  std::error_code error;
  if (replace_ && fs::exists(fs::symlink_status(target_, error))) {
    // In one step if the file system supports it; the old folder then has our temporary name.
    if (::renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, target_.c_str(), RENAME_EXCHANGE) == 0) {
      fs::remove_all(made, error);
    } else {
      const fs::path old = detail::new_folder_temporary(target_);
      fs::rename(target_, old, error);
      if (!error) fs::rename(made, target_, error);
      std::error_code ignored;
      if (error) {
        fs::rename(old, target_, ignored);
      } else {
        fs::remove_all(old, ignored);
      }
      detail::forget_temporary(old);
      if (error) {
        throw WorkError(text("cannot put ", shown(target_), " in place: ", error.message()));
      }
    }
  } else if (::renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, target_.c_str(), RENAME_NOREPLACE) !=
             0) {
    const int first = errno;
    if (first == EEXIST) {
      throw InputError(text(shown(target_), " appeared while it was being made; choose another ",
                            "name or the option 'force'"));
    }
    const bool supported = first != EINVAL && first != ENOSYS;  // by the file system
    if (supported) {
      error.assign(first, std::system_category());
    } else {
      fs::rename(made, target_, error);
    }
    if (error) {
      throw WorkError(text("cannot put ", shown(target_), " in place: ", error.message()));
    }
  }
  committed_ = true;
  partial_->keep();
  sync_file(target_.has_parent_path() ? target_.parent_path() : fs::path("."));
}

void refuse_overwrite(const fs::path& path, bool force) {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(path, error);
  if (!fs::exists(status)) return;
  if (!fs::is_regular_file(status) && !fs::is_directory(status)) {
    throw InputError(text(shown(path), " is ",
                          fs::is_symlink(status) ? "a link" : "a device, a pipe or a socket",
                          ", which is never replaced; choose another name",
                          fs::is_symlink(status) ? ", or the file that it leads to" : ""));
  }
  if (!force) {
    throw InputError(text(shown(path), " exists; choose another name or the option 'force'"));
  }
}

bool is_safe_name(std::string_view name) {
  const auto is_good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 128 && name[0] != '.' &&
         std::all_of(name.begin(), name.end(), is_good);
}

fs::path safe_child(const fs::path& root, std::string_view name) {
  if (!is_safe_name(name)) {
    throw InputError(text("the name \"", printable(name.substr(0, 128)), "\" cannot become a file ",
                          "in ", shown(root), ": expected 1 to 128 letters, digits, '.', '_' or ",
                          "'-', not starting with '.'"));
  }
  return root / name;
}

std::string why_absent(const fs::path& path) {
  std::error_code error;
  if (fs::is_symlink(fs::symlink_status(path, error)) && !fs::exists(path, error)) {
    return text("it is a link to ", shown(fs::read_symlink(path, error)), ", which does not exist");
  }
  // The first component of the path that does not exist, and its siblings' names.
  fs::path folder;
  for (const fs::path& part : path) {
    const fs::path next = folder / part;
    if (fs::exists(next, error)) {
      folder = next;
      continue;
    }
    const std::u32string wanted = code_points(part.string());
    fs::directory_iterator entries(folder.empty() ? fs::path(".") : folder, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
      const std::string name = entries->path().filename().string();
      if (name != part.string() && same_but_for_form(wanted, code_points(name))) {
        return text("there is only ", shown(name), " in ", folder.empty() ? "." : shown(folder),
                    ", whose name is written in another Unicode form (NFC, NFD): copy the name "
                    "from there, or rename the file");
      }
    }
    break;
  }
  return "there is no such file";
}

bool is_own_trouble(int error_number) {
  return error_number == EMFILE || error_number == ENFILE || error_number == ENOMEM ||
         error_number == EIO || error_number == ENOSPC || error_number == EDQUOT;
}

namespace {

struct Descriptor {
  int fd;
  ~Descriptor() { ::close(fd); }
};

// Opens a regular file. Non-blocking, because opening a FIFO without a writer would block for ever.
int open_ordinary(const fs::path& path, struct stat& info) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    if (is_own_trouble(errno)) {
      throw WorkError(text("cannot read ", shown(path), ": ", detail::error_text(errno)));
    }
    if (errno == ENOENT) {
      throw InputError(text("cannot read ", shown(path), ": ", why_absent(path)));
    }
    throw InputError(text("cannot read ", shown(path), ": ", detail::error_text(errno)));
  }
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(fd);
    throw InputError(text("expected a file, but ", shown(path), " is ",
                          S_ISDIR(info.st_mode) ? "a folder" : "not an ordinary file"));
  }
  return fd;
}

}  // namespace

std::ifstream open_input(const fs::path& path) {
  struct stat info {};
  const Descriptor checked{open_ordinary(path, info)};
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw WorkError(text("cannot read ", shown(path), ": ", detail::error_text(errno)));
  }
  return file;
}

std::string read_file(const fs::path& path, std::uint64_t max_bytes) {
  struct stat info {};
  const Descriptor opened{open_ordinary(path, info)};
  const int fd = opened.fd;
  const auto too_large = [&](std::uint64_t size) {
    return InputError(text(shown(path), " has ", size, " bytes; at most ", max_bytes,
                           " are expected of such a file"));
  };
  if (static_cast<std::uint64_t>(info.st_size) > max_bytes) {
    throw too_large(static_cast<std::uint64_t>(info.st_size));
  }
  // One byte more than the size, to detect a file that grows meanwhile (or is in /proc, of size 0).
  std::string content(static_cast<std::size_t>(info.st_size) + 1, '\0');
  std::size_t filled = 0;
  for (;;) {
    const ssize_t got = ::read(fd, content.data() + filled, content.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      throw WorkError(text("reading ", shown(path), " failed: ", detail::error_text(errno)));
    }
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
    if (filled > max_bytes) throw too_large(filled);
    if (filled == content.size()) content.resize(content.size() * 2);
  }
  content.resize(filled);
  return content;
}

FolderLock::FolderLock(const fs::path& folder) {
  const fs::path path = folder / ".lock";
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (fd_ < 0) {
    throw InputError(text("cannot work in ", shown(folder), ": ", detail::error_text(errno)));
  }
  if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) {       // released when the process ends
    const std::string id = text(::getpid(), "\n");  // for messages only, so a full disk is no error
    [[maybe_unused]] const bool said =
        ::ftruncate(fd_, 0) == 0 && ::pwrite(fd_, id.data(), id.size(), 0) > 0;
    return;
  }
  const int error = errno;
  char id[24] = {};
  struct stat info {};
  const bool is_file = ::fstat(fd_, &info) == 0 && S_ISREG(info.st_mode);
  const ssize_t length = is_file ? ::pread(fd_, id, sizeof id - 1, 0) : 0;
  const auto holder =
      parse_integer(trim(std::string(id, static_cast<std::size_t>(std::max<ssize_t>(length, 0)))));
  ::close(std::exchange(fd_, -1));
  if (error != EWOULDBLOCK) {
    throw WorkError(text("cannot lock ", shown(path), ": ", detail::error_text(error)));
  }
  throw InputError(text("another process", holder ? text(" (", *holder, ")") : std::string(),
                        " is working in ", shown(folder),
                        "; wait for it or choose another folder"));
}

FolderLock::~FolderLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace minet
