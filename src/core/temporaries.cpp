// Names of temporaries, and a register of those that this process made.
#include "core/temporaries.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <mutex>
#include <set>
#include <string_view>
#include <system_error>

#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/text.hpp"

namespace minet {
namespace detail {
namespace {

struct Register {
  std::mutex mutex;
  std::set<std::string> names;  // file names; the counter makes them unique
};

Register& own() {
  static Register* const kRegister = new Register;
  return *kRegister;
}

std::string next_tag() {
  static std::atomic<std::uint64_t> counter{0};
  return text(::getpid(), "-", ++counter);
}

std::filesystem::path remember(std::filesystem::path path) {
  const std::lock_guard lock(own().mutex);
  own().names.insert(path.filename().string());
  return path;
}

// Shortens a name so that `more` bytes can be appended.
std::string fitting(std::string name, std::size_t more) {
  if (name.size() + more <= kLongestName) return name;
  std::size_t end = kLongestName - more;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;  // whole UTF-8
  name.resize(end);
  return name;
}

// The process id in "PID-N"; 0 if it is not of this form.
pid_t process_of(std::string_view tag) {
  const auto dash = tag.find('-');
  if (dash == std::string_view::npos) return 0;
  const auto pid = parse_integer(tag.substr(0, dash));
  const auto number = parse_integer(tag.substr(dash + 1));
  if (!pid || !number || *pid <= 0 || *pid > INT32_MAX || *number < 0) return 0;
  return static_cast<pid_t>(*pid);
}

// Whether a process holds its lock; that process may be invisible to us (another container).
bool is_held(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return false;
  const bool held = ::flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(fd);
  return held;
}

template <class Choose>
void remove_stale(const std::filesystem::path& folder, const Choose& choose) {
  std::error_code error;
  std::vector<std::filesystem::path> stale;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    if (choose(*at) && is_stale_temporary(at->path())) stale.push_back(at->path());
  }
  for (const auto& path : stale) std::filesystem::remove_all(path, error);
}

// Removes stale folder temporaries of `target`.
void sweep_folders_of(const std::filesystem::path& target) {
  const std::string mark = folder_mark(target);
  const auto folder = target.has_parent_path() ? target.parent_path() : std::filesystem::path(".");
  remove_stale(folder, [&](const std::filesystem::directory_entry& entry) {
    return entry.path().filename().string().starts_with(mark);
  });
}

}  // namespace

void check_name_length(const std::filesystem::path& target) {
  const std::size_t length = target.filename().string().size();
  if (length <= kLongestName) return;
  throw InputError(text("expected a name of at most ", kLongestName, " bytes, got ", length, ": ",
                        printable(target.string())));
}

std::string folder_mark(const std::filesystem::path& target) {
  constexpr std::size_t kLongestTag = 32;  // a process id and a counter
  return fitting(target.filename().string(), sizeof ".partial-" - 1 + kLongestTag) + ".partial-";
}

void hold_temporary(int fd) {
  [[maybe_unused]] const int locked = ::flock(fd, LOCK_EX | LOCK_NB);
}

HeldFolder::HeldFolder(const std::filesystem::path& target, mode_t mode)
    : path_(new_folder_temporary(target)) {
  sweep_folders_of(target);
  if (::mkdir(path_.c_str(), mode) != 0) {
    error_ = errno;
    return;
  }
  held_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (held_ >= 0) hold_temporary(held_);
}

HeldFolder::~HeldFolder() {
  std::error_code ignored;
  if (error_ == 0 && !kept_) std::filesystem::remove_all(path_, ignored);
  if (held_ >= 0) ::close(held_);
  forget_temporary(path_);
}

void HeldFolder::keep() {
  kept_ = true;
  forget_temporary(path_);
}

void sweep_once(const std::filesystem::path& folder) {
  static std::mutex mutex;
  static std::set<std::filesystem::path> seen;
  {
    const std::lock_guard lock(mutex);
    std::error_code ignored;
    if (!seen.insert(std::filesystem::absolute(folder, ignored)).second) return;
  }
  remove_stale(folder, [](const std::filesystem::directory_entry& entry) {
    std::error_code ignored;
    return entry.path().filename().string().starts_with('.') && !entry.is_symlink(ignored) &&
           entry.is_regular_file(ignored);
  });
}

std::filesystem::path new_file_temporary(const std::filesystem::path& target) {
  const std::string tag = next_tag();
  const std::string name =
      fitting(target.filename().string(), tag.size() + sizeof "...partial" - 1);
  return remember(target.parent_path() / text(".", name, ".", tag, ".partial"));
}

std::filesystem::path new_folder_temporary(const std::filesystem::path& target) {
  return remember(target.parent_path() / text(folder_mark(target), next_tag()));
}

void forget_temporary(const std::filesystem::path& temporary) {
  const std::lock_guard lock(own().mutex);
  own().names.erase(temporary.filename().string());
}

bool is_stale_temporary(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  std::string_view tag = name;
  constexpr std::string_view kFileEnd = ".partial";
  constexpr std::string_view kFolderMark = ".partial-";
  if (name.starts_with('.') && tag.ends_with(kFileEnd)) {
    tag.remove_suffix(kFileEnd.size());
    tag.remove_prefix(tag.rfind('.') + 1);
  } else if (const auto at = tag.rfind(kFolderMark); at != std::string_view::npos && at > 0) {
    tag.remove_prefix(at + kFolderMark.size());
  } else {
    return false;
  }
  const pid_t process = process_of(tag);
  if (process == 0) return false;
  if (process == ::getpid()) {
    const std::lock_guard lock(own().mutex);
    return !own().names.contains(name) && !is_held(path);
  }
  return ::kill(process, 0) != 0 && errno == ESRCH && !is_held(path);
}

std::string error_text(int error_number) {
  return std::system_category().message(error_number);
}

}  // namespace detail

void remove_stale_temporaries(const std::filesystem::path& folder) {
  detail::remove_stale(folder, [](const std::filesystem::directory_entry&) { return true; });
}

}  // namespace minet
