// fork and exec of an argument vector. The child leads its own process group, so that it can be
// killed with everything that it started. Both of its pipes are drained while it runs.
#include "minet/core/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "core/temporaries.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"

namespace minet {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kErrorTail = 2048;          // bytes of stderr to keep
constexpr std::size_t kMostOutput = 1ULL << 30;   // bytes of stdout; more is a runaway program
constexpr auto kGrace = std::chrono::seconds(1);  // for grandchildren that hold the pipes open

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = other.fd_;
      other.fd_ = -1;
    }
    return *this;
  }
  int get() const { return fd_; }
  void reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

struct Pipe {
  Descriptor read_end, write_end;
};

Pipe make_pipe() {
  std::array<int, 2> ends;
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw WorkError(text("cannot make a pipe: ", detail::error_text(errno)));
  }
  // Avoids descriptors 0 to 2, which are free if the program runs with those closed: dup2 of a
  // descriptor onto itself would leave close-on-exec set.
  for (int& end : ends) {
    if (end > 2) continue;
    const int higher = ::fcntl(end, F_DUPFD_CLOEXEC, 3);
    if (higher < 0) throw WorkError("cannot make a pipe: too many open files");
    ::close(end);
    end = higher;
  }
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

// Runs between fork and exec, so only async-signal-safe calls are allowed.
[[noreturn]] void become(const char* program, char* const* argv, int out, int err, int report,
                         pid_t parent) {
  // If we are killed, the program ends too, and does not go on filling the disk. The signal is sent
  // when the thread that forked ends; that thread waits for the program.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // the parent has already ended
  ::setpgid(0, 0);
  for (const int signal : {SIGPIPE, SIGXFSZ, SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2}) {
    ::signal(signal, SIG_DFL);  // exec would keep ignored signals ignored
  }
  const sched_param ordinary{};  // live playing has real-time priority, its helpers do not
  ::sched_setscheduler(0, SCHED_OTHER, &ordinary);
  const int nothing = ::open("/dev/null", O_RDONLY);
  if (nothing >= 0) ::dup2(nothing, STDIN_FILENO);
  if (::dup2(out, STDOUT_FILENO) >= 0 && ::dup2(err, STDERR_FILENO) >= 0) {
    ::execv(program, argv);
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t told = ::write(report, &error, sizeof error);
  ::_exit(127);
}

// Reads the available bytes; false at the end of the stream.
bool drain(const Descriptor& from, std::string& into) {
  std::array<char, 65536> block;
  const ssize_t got = ::read(from.get(), block.data(), block.size());
  if (got > 0) into.append(block.data(), static_cast<std::size_t>(got));
  return got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN));
}

class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  ~Child() {
    if (pid_ > 0) kill_and_reap();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  bool has_ended() {
    if (pid_ > 0 && ::waitpid(pid_, &status_, WNOHANG) == pid_) {
      group_ = pid_;
      pid_ = -1;
    }
    return pid_ <= 0;
  }
  void kill_group() const { ::kill(-(pid_ > 0 ? pid_ : group_), SIGKILL); }
  int exit_code() const {
    return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
  }

 private:
  void kill_and_reap() {
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
    }
  }
  pid_t pid_;
  pid_t group_ = -1;
  int status_ = 0;
};

std::unique_ptr<Child> start(const std::vector<std::string>& argv, Pipe& out, Pipe& err) {
  if (argv.empty()) throw WorkError("run_process needs a program to run");
  const std::string shown = printable(argv[0]);
  const auto program = find_program(argv[0]);
  if (!program) {
    throw WorkError(text("the program ", shown, " is not there; install it or add it to PATH"));
  }
  std::vector<char*> arguments;
  for (const std::string& argument : argv) {
    if (argument.find('\0') != std::string::npos) {
      throw WorkError(text("an argument of ", shown, " holds a NUL byte"));
    }
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);

  Pipe report = make_pipe();
  const pid_t self = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) {
    throw WorkError(text("cannot start ", shown, ": ", detail::error_text(errno)));
  }
  if (pid == 0) {
    become(program->c_str(), arguments.data(), out.write_end.get(), err.write_end.get(),
           report.write_end.get(), self);
  }
  ::setpgid(pid, pid);  // in parent and child, to avoid a race
  auto child = std::make_unique<Child>(pid);
  out.write_end.reset();
  err.write_end.reset();
  report.write_end.reset();

  int exec_error = 0;
  ssize_t told;
  while ((told = ::read(report.read_end.get(), &exec_error, sizeof exec_error)) < 0 &&
         errno == EINTR) {
  }
  if (told == sizeof exec_error) {
    throw WorkError(text("cannot start ", shown, ": ", detail::error_text(exec_error)));
  }
  return child;
}

}  // namespace

std::optional<std::string> find_program(const std::string& program) {
  const auto can_run = [](const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
           ::access(path.c_str(), X_OK) == 0;
  };
  if (program.empty()) return std::nullopt;
  if (program.find('/') != std::string::npos) {
    return can_run(program) ? std::optional(program) : std::nullopt;
  }
  const char* const folders = std::getenv("PATH");
  for (const std::string& folder : split(folders != nullptr ? folders : "/usr/bin:/bin", ':')) {
    const std::string path = (folder.empty() ? std::string(".") : folder) + "/" + program;
    if (can_run(path)) return path;
  }
  return std::nullopt;
}

std::optional<std::string> find_companion(const std::string& program) {
  std::error_code ignored;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", ignored);
  if (auto found = find_program((self.parent_path() / program).string())) return found;
  return find_program(program);
}

namespace {

// The first shared library that the loader cannot find for this program, or "". Checked beforehand,
// because a program that fails to load prints only the loader's message.
std::string missing_library(const std::string& path) {
  const ProcessResult result = run_process({"/usr/bin/env", "LD_TRACE_LOADED_OBJECTS=1", path}, 60);
  for (const std::string& line : split(result.output, '\n')) {
    const std::size_t arrow = line.find(" => not found");
    if (arrow != std::string::npos) return std::string(trim(line.substr(0, arrow)));
  }
  return "";
}

std::string package_of(const std::string& library) {
  for (const auto& [begin, package] :
       {std::pair{"libopencv", "OpenCV 4.6 (libopencv-videoio406)"}, std::pair{"liblo", "liblo7"},
        std::pair{"librtaudio", "librtaudio6"}}) {
    if (library.starts_with(begin)) return text("on Debian 12 install ", package);
  }
  return "install the package that provides it";
}

}  // namespace

std::string require_companion(const std::string& program, std::string_view purpose) {
  if (const auto found = find_companion(program)) {
    const std::string missing = missing_library(*found);
    if (missing.empty()) return *found;
    throw WorkError(text("expected the library ", printable(missing), ", which the program ",
                         program, purpose, " needs, found none; ", package_of(missing)));
  }
  throw WorkError(text("expected the program ", program, purpose,
                       " beside this one, found none; build it with scripts/setup.sh"));
}

std::string last_line(const std::string& output) {
  std::string last;
  for (const std::string& line : split(output, '\n')) {
    if (!trim(line).empty()) last = trim(line);
  }
  while (!last.empty() && last.back() == '.') last.pop_back();
  return printable(last);
}

ProcessResult run_process(const std::vector<std::string>& argv, double time_limit_s,
                          const std::function<void(std::string_view)>& on_error_output,
                          const std::function<bool(std::string_view)>& on_output) {
  Pipe out = make_pipe(), err = make_pipe();
  const std::unique_ptr<Child> running = start(argv, out, err);
  Child& child = *running;
  const std::string shown = printable(argv[0]);
  ProcessResult result;
  const auto began = Clock::now();
  std::optional<Clock::time_point> ended;
  int stop_seen = stop_signal();  // after an earlier stop request, the work may still be finished
  for (;;) {
    if (!ended && child.has_ended()) ended = Clock::now();
    const bool open = out.read_end.get() >= 0 || err.read_end.get() >= 0;
    if (ended && (!open || Clock::now() - *ended > kGrace)) break;
    if (!ended && std::chrono::duration<double>(Clock::now() - began).count() > time_limit_s) {
      throw WorkError(
          text(shown, " did not end within ", human_duration(time_limit_s), " and was killed"));
    }
    if (stop_seen == 0 && stop_signal() != 0)
      throw_if_stopped(text("stopped while running ", shown));
    std::array<pollfd, 2> wait{pollfd{out.read_end.get(), POLLIN, 0},
                               pollfd{err.read_end.get(), POLLIN, 0}};
    ::poll(wait.data(), wait.size(), open ? 50 : 2);  // poll skips negative descriptors
    if (wait[0].revents != 0 && !drain(out.read_end, result.output)) out.read_end.reset();
    if (on_output) {
      const bool wanted = on_output(result.output);
      result.output.clear();
      if (!wanted) break;
    }
    const std::size_t known = result.error_output.size();
    if (wait[1].revents != 0 && !drain(err.read_end, result.error_output)) err.read_end.reset();
    if (on_error_output && result.error_output.size() > known) {
      on_error_output(std::string_view(result.error_output).substr(known));
    }
    if (result.error_output.size() > 2 * kErrorTail) {
      result.error_output.erase(0, result.error_output.size() - kErrorTail);
    }
    if (result.output.size() > kMostOutput) {
      throw WorkError(text(shown, " wrote more than ", kMostOutput, " bytes and was killed"));
    }
  }
  if (out.read_end.get() >= 0 || err.read_end.get() >= 0) child.kill_group();
  if (result.error_output.size() > kErrorTail) {
    result.error_output.erase(0, result.error_output.size() - kErrorTail);
  }
  result.exit_code = child.exit_code();
  return result;
}

}  // namespace minet
