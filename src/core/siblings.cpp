#include "minet/core/siblings.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "core/temporaries.hpp"
#include "minet/core/argv.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"

extern char** environ;  // NOLINT: POSIX's name

namespace minet {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kLook = std::chrono::milliseconds(20);
constexpr auto kLastWords = std::chrono::seconds(2);  // from the first failure to SIGTERM
constexpr auto kPatience = std::chrono::seconds(5);   // from SIGTERM to SIGKILL

// This process's environment, with the given variables added or replaced.
std::vector<std::string> joined_environment(const Environment& given) {
  std::vector<std::string> words;
  for (char** word = environ; *word != nullptr; ++word) {
    const std::string_view known(*word);
    bool replaced = false;
    for (const auto& [name, value] : given) replaced |= known.starts_with(name + "=");
    if (!replaced) words.emplace_back(known);
  }
  for (const auto& [name, value] : given) words.push_back(name + "=" + value);
  return words;
}

class Siblings {
 public:
  explicit Siblings(std::size_t count) : pids_(count, -1) {}
  ~Siblings() { end_all(); }
  Siblings(const Siblings&) = delete;
  Siblings& operator=(const Siblings&) = delete;

  void start(std::size_t which, const std::vector<std::string>& argv, const Sibling& sibling) {
    std::vector<std::string> arguments = argv;
    std::vector<std::string> environment = joined_environment(sibling.environment);
    const std::vector<char*> words = argv_of(arguments), names = argv_of(environment);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) {
      throw WorkError(text("cannot start ", printable(argv[0]), ": ", detail::error_text(errno)));
    }
    if (pid == 0) {  // only async-signal-safe calls from here
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(127);
      ::setpgid(0, 0);  // Ctrl-C then arrives once, from the parent
      if (sibling.descriptor) ::fcntl(*sibling.descriptor, F_SETFD, 0);
      ::execve(words[0], words.data(), names.data());
      ::_exit(127);
    }
    ::setpgid(pid, pid);
    pids_[which] = pid;
  }

  // Reaps siblings that have ended since the last call. One killed by a signal counts as the first
  // to fail, since the others may have failed because of it.
  void look() {
    for (std::size_t i = 0; i < pids_.size(); ++i) {
      int status = 0;
      if (pids_[i] <= 0 || ::waitpid(pids_[i], &status, WNOHANG) != pids_[i]) continue;
      pids_[i] = -1;
      const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
      const int code = signal != 0 ? 128 + signal : WEXITSTATUS(status);
      if (code == 0 || end_.signal != 0 || (end_.exit_code != 0 && signal == 0)) continue;
      if (end_.exit_code != 0 && ended_by_us_) continue;
      end_ = {.which = static_cast<int>(i), .exit_code = code, .signal = signal};
    }
  }
  void send(int signal) const {
    for (const pid_t pid : pids_) {
      if (pid > 0) ::kill(pid, signal);
    }
  }
  void end_politely() {
    ended_by_us_ = true;
    send(SIGTERM);
  }
  bool any() const {
    for (const pid_t pid : pids_) {
      if (pid > 0) return true;
    }
    return false;
  }
  const SiblingsEnd& end() const { return end_; }

  void end_all() {
    ended_by_us_ = true;
    send(SIGKILL);
    for (pid_t& pid : pids_) {
      while (pid > 0 && ::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
      }
      pid = -1;
    }
  }

 private:
  std::vector<pid_t> pids_;
  SiblingsEnd end_;
  bool ended_by_us_ = false;
};

}  // namespace

LoopbackPort::LoopbackPort() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd_ < 0 || ::bind(fd_, any, size) != 0 || ::listen(fd_, SOMAXCONN) != 0 ||
      ::getsockname(fd_, any, &size) != 0) {
    const std::string why = detail::error_text(errno);
    if (fd_ >= 0) ::close(fd_);
    throw WorkError(text("cannot listen on the loopback address: ", why));
  }
  port_ = ntohs(address.sin_port);
}

LoopbackPort::~LoopbackPort() {
  ::close(fd_);
}

SiblingsEnd run_siblings(const std::vector<std::string>& argv,
                         const std::vector<Sibling>& siblings) {
  Siblings running(siblings.size());
  for (std::size_t i = 0; i < siblings.size(); ++i) running.start(i, argv, siblings[i]);
  bool passed_on = false, asked = false;
  Clock::time_point failed{};
  while (running.any()) {
    std::this_thread::sleep_for(kLook);
    running.look();
    if (const int signal = stop_signal(); signal != 0 && !passed_on) {
      running.send(signal);
      passed_on = true;
    }
    if (running.end().exit_code == 0 || passed_on) continue;
    if (failed == Clock::time_point{}) failed = Clock::now();
    const auto since = Clock::now() - failed;
    if (since > kLastWords && !asked) {
      running.end_politely();
      asked = true;
    }
    if (since > kLastWords + kPatience) running.end_all();
  }
  return running.end();
}

}  // namespace minet
