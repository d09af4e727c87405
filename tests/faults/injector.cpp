// For LD_PRELOAD: counts the file operations of a program and makes one of them fail.
//
//   MINET_FAULT_ROOT   only files below this folder count
//   MINET_FAULT_KIND   eio: any operation fails with EIO; enospc, erofs: those that change the disk
//                      fail with ENOSPC or EROFS; short: every read and write transfers only half
//   MINET_FAULT_AT     number of the operation that fails, counted from 1; 0: none
//   MINET_FAULT_ON     1: all later operations fail too
//   MINET_FAULT_LOG    a file outside the root, which receives "failed OPERATION PATH" and, at the
//                      end, "count N"
//
// Child processes (ffmpeg) are left alone.
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

enum class Kind { none, eio, enospc, erofs, half };

struct Settings {
  std::string root, log;
  Kind kind = Kind::none;
  long at = 0;
  bool on = false;
  pid_t process = 0;
};

Settings* settings = nullptr;
std::atomic<long> count{0};
constexpr int kMostFiles = 65536;
std::atomic<bool> ours[kMostFiles];  // descriptors of files below the root

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

// By system calls, because the wrapped functions would be counted.
void say(const std::string& line) {
  const long fd = syscall(SYS_openat, AT_FDCWD, settings->log.c_str(),
                          O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd < 0) return;
  syscall(SYS_write, fd, line.data(), line.size());
  syscall(SYS_close, fd);
}

__attribute__((constructor)) void begin() {
  const char* const root = getenv("MINET_FAULT_ROOT");
  const char* const kind = getenv("MINET_FAULT_KIND");
  const char* const at = getenv("MINET_FAULT_AT");
  const char* const on = getenv("MINET_FAULT_ON");
  const char* const log = getenv("MINET_FAULT_LOG");
  char name[64] = {};
  const int comm = static_cast<int>(syscall(SYS_openat, AT_FDCWD, "/proc/self/comm", O_RDONLY, 0));
  if (comm >= 0) {
    syscall(SYS_read, comm, name, sizeof name - 1);
    syscall(SYS_close, comm);
  }
  if (root == nullptr || kind == nullptr || log == nullptr || strncmp(name, "mi_", 3) != 0) return;
  auto* chosen = new Settings;
  chosen->root = std::string(root) + "/";
  chosen->log = log;
  const std::string word = kind;
  chosen->kind = word == "eio"      ? Kind::eio
                 : word == "enospc" ? Kind::enospc
                 : word == "erofs"  ? Kind::erofs
                 : word == "short"  ? Kind::half
                                    : Kind::none;
  chosen->at = at != nullptr ? atol(at) : 0;
  chosen->on = on != nullptr && *on == '1';
  chosen->process = getpid();
  settings = chosen;
}

// Programs with LibTorch exit by _Exit, which runs no destructors.
__attribute__((destructor)) void end() {
  if (settings != nullptr && getpid() == settings->process) {
    say("count " + std::to_string(count.load()) + "\n");
  }
}

bool is_ours(const char* path) {
  if (settings == nullptr || path == nullptr || getpid() != settings->process) return false;
  if (path[0] == '/') return strncmp(path, settings->root.c_str(), settings->root.size()) == 0;
  char here[PATH_MAX];
  if (syscall(SYS_getcwd, here, sizeof here) < 0) return false;
  return (std::string(here) + "/" + path).starts_with(settings->root);
}
bool is_ours(int fd) {
  return settings != nullptr && fd >= 0 && fd < kMostFiles && ours[fd] &&
         getpid() == settings->process;
}

std::string path_of(int fd) {
  char path[PATH_MAX] = {};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  syscall(SYS_readlinkat, AT_FDCWD, link.c_str(), path, sizeof path - 1);
  return path;
}

// Whether this operation fails; sets errno if so. `changes`: it changes the disk.
bool fails(bool changes, const char* operation, const std::string& path) {
  const Kind kind = settings->kind;
  if (kind == Kind::half || kind == Kind::none) {
    ++count;
    return false;
  }
  if (kind != Kind::eio && !changes) return false;
  const long number = ++count;
  if (settings->at == 0 || number < settings->at || (number > settings->at && !settings->on)) {
    return false;
  }
  if (number == settings->at) say("failed " + std::string(operation) + " " + path + "\n");
  errno = kind == Kind::eio ? EIO : kind == Kind::enospc ? ENOSPC : EROFS;
  return true;
}

std::size_t done_of(std::size_t size) {
  return settings->kind == Kind::half && size > 1 ? (size + 1) / 2 : size;
}

bool writes(int flags) {
  return (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT) != 0;
}

int opened(int fd) {
  if (fd >= 0 && fd < kMostFiles) ours[fd] = true;
  return fd;
}

int open_at(int folder, const char* path, int flags, mode_t mode) {
  if (!is_ours(path)) {
    return static_cast<int>(
        next<int (*)(int, const char*, int, ...)>("openat")(folder, path, flags, mode));
  }
  if (fails(writes(flags), "open", path)) return -1;
  return opened(next<int (*)(int, const char*, int, ...)>("openat")(folder, path, flags, mode));
}

FILE* open_stream(const char* name, const char* path, const char* mode) {
  const auto original = next<FILE* (*)(const char*, const char*)>(name);
  if (!is_ours(path)) return original(path, mode);
  if (fails(strpbrk(mode, "wa+") != nullptr, "open", path)) return nullptr;
  FILE* const file = original(path, mode);
  if (file != nullptr) opened(fileno(file));
  return file;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = va_arg(list, mode_t);
  va_end(list);
  return open_at(AT_FDCWD, path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = va_arg(list, mode_t);
  va_end(list);
  return open_at(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}
int openat(int folder, const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = va_arg(list, mode_t);
  va_end(list);
  return open_at(folder, path, flags, mode);
}
FILE* fopen(const char* path, const char* mode) {
  return open_stream("fopen", path, mode);
}
FILE* fopen64(const char* path, const char* mode) {
  return open_stream("fopen64", path, mode);
}

ssize_t write(int fd, const void* data, size_t size) {
  const auto original = next<ssize_t (*)(int, const void*, size_t)>("write");
  if (!is_ours(fd)) return original(fd, data, size);
  return fails(true, "write", path_of(fd)) ? -1 : original(fd, data, done_of(size));
}
ssize_t writev(int fd, const iovec* parts, int number) {
  const auto original = next<ssize_t (*)(int, const iovec*, int)>("writev");
  if (!is_ours(fd)) return original(fd, parts, number);
  if (fails(true, "write", path_of(fd))) return -1;
  if (settings->kind != Kind::half || number < 1) return original(fd, parts, number);
  const iovec first{parts[0].iov_base, done_of(parts[0].iov_len)};
  return parts[0].iov_len > 0 ? original(fd, &first, 1) : original(fd, parts, number);
}
size_t fwrite(const void* data, size_t size, size_t number, FILE* file) {
  const auto original = next<size_t (*)(const void*, size_t, size_t, FILE*)>("fwrite");
  const int fd = fileno(file);
  if (is_ours(fd) && fails(true, "write", path_of(fd))) return 0;
  return original(data, size, number, file);
}
ssize_t read(int fd, void* data, size_t size) {
  const auto original = next<ssize_t (*)(int, void*, size_t)>("read");
  if (!is_ours(fd)) return original(fd, data, size);
  return fails(false, "read", path_of(fd)) ? -1 : original(fd, data, done_of(size));
}
ssize_t pread(int fd, void* data, size_t size, off_t at) {
  const auto original = next<ssize_t (*)(int, void*, size_t, off_t)>("pread");
  if (!is_ours(fd)) return original(fd, data, size, at);
  return fails(false, "read", path_of(fd)) ? -1 : original(fd, data, done_of(size), at);
}
int fsync(int fd) {
  const auto original = next<int (*)(int)>("fsync");
  return is_ours(fd) && fails(true, "sync", path_of(fd)) ? -1 : original(fd);
}
int close(int fd) {
  const auto original = next<int (*)(int)>("close");
  if (!is_ours(fd)) return original(fd);
  ours[fd] = false;
  const bool failed = fails(true, "close", path_of(fd));
  const int error = errno;
  const int result = original(fd);  // closed even if an error is reported
  if (failed) errno = error;
  return failed ? -1 : result;
}
int fclose(FILE* file) {
  const int fd = fileno(file);
  if (is_ours(fd)) ours[fd] = false;
  return next<int (*)(FILE*)>("fclose")(file);
}

int rename(const char* from, const char* to) {
  if (is_ours(to) && fails(true, "rename", to)) return -1;
  return next<int (*)(const char*, const char*)>("rename")(from, to);
}
int renameat2(int a, const char* from, int b, const char* to, unsigned flags) {
  if (is_ours(to) && fails(true, "rename", to)) return -1;
  return next<int (*)(int, const char*, int, const char*, unsigned)>("renameat2")(a, from, b, to,
                                                                                  flags);
}
int link(const char* from, const char* to) {
  if (is_ours(to) && fails(true, "link", to)) return -1;
  return next<int (*)(const char*, const char*)>("link")(from, to);
}
int mkdir(const char* path, mode_t mode) {
  if (is_ours(path) && fails(true, "mkdir", path)) return -1;
  return next<int (*)(const char*, mode_t)>("mkdir")(path, mode);
}
int unlink(const char* path) {
  if (is_ours(path) && fails(true, "unlink", path)) return -1;
  return next<int (*)(const char*)>("unlink")(path);
}
int remove(const char* path) {
  if (is_ours(path) && fails(true, "remove", path)) return -1;
  return next<int (*)(const char*)>("remove")(path);
}
int ftruncate(int fd, off_t size) {
  if (is_ours(fd) && fails(true, "truncate", path_of(fd))) return -1;
  return next<int (*)(int, off_t)>("ftruncate")(fd, size);
}

[[noreturn]] void _Exit(int code) {
  end();
  syscall(SYS_exit_group, code);
  __builtin_unreachable();
}

}  // extern "C"
