// The system calls behind a save. Each returns 0 or a byte count, or -errno.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "minet/core/files.hpp"

namespace minet {

int FileOps::open_exclusive(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  return fd < 0 ? -errno : fd;
}

std::ptrdiff_t FileOps::write(int fd, const void* data, std::size_t size) {
  const ssize_t written = ::write(fd, data, size);
  return written < 0 ? -errno : written;
}

int FileOps::sync(int fd) {
  return ::fsync(fd) == 0 ? 0 : -errno;
}

int FileOps::close(int fd) {
  // Linux has closed the descriptor even if close reports EINTR.
  return ::close(fd) == 0 || errno == EINTR ? 0 : -errno;
}

int FileOps::link(const std::filesystem::path& from, const std::filesystem::path& to) {
  return ::link(from.c_str(), to.c_str()) == 0 ? 0 : -errno;
}

int FileOps::rename(const std::filesystem::path& from, const std::filesystem::path& to) {
  return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : -errno;
}

int FileOps::rename_new(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -errno;
  // The file system lacks RENAME_NOREPLACE, but link(2) never overwrites an existing name either.
  if (::link(from.c_str(), to.c_str()) == 0) return remove(from);
  if (errno != EPERM && errno != EOPNOTSUPP) return -errno;
  struct stat info {};  // no hard links either: check first (not atomic)
  return ::lstat(to.c_str(), &info) == 0 ? -EEXIST : rename(from, to);
}

int FileOps::sync_folder(const std::filesystem::path& folder) {
  const int fd = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return -errno;
  const int result = ::fsync(fd) == 0 ? 0 : -errno;
  ::close(fd);
  return result == -EINVAL ? 0 : result;  // EINVAL: the file system cannot sync folders
}

int FileOps::remove(const std::filesystem::path& path) {
  return ::unlink(path.c_str()) == 0 ? 0 : -errno;
}

std::uint64_t FileOps::free_bytes(const std::filesystem::path& folder) {
  struct statvfs info {};
  if (::statvfs(folder.empty() ? "." : folder.c_str(), &info) != 0) return UINT64_MAX;
  if (info.f_blocks == 0) return UINT64_MAX;  // the file system reports no size
  return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

FileOps& FileOps::system() {
  static FileOps ops;
  return ops;
}

}  // namespace minet
