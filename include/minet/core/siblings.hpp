// Starts several processes of this program on this machine, and ends them together.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace minet {

// A port of the loopback address that no other process gets during this object's lifetime.
class LoopbackPort {
 public:
  LoopbackPort();  // WorkError
  ~LoopbackPort();
  LoopbackPort(const LoopbackPort&) = delete;
  LoopbackPort& operator=(const LoopbackPort&) = delete;
  int port() const { return port_; }
  int descriptor() const { return fd_; }  // a socket that listens there

 private:
  int fd_ = -1, port_ = 0;
};

using Environment = std::vector<std::pair<std::string, std::string>>;

struct Sibling {
  Environment environment;             // added to this process's own
  std::optional<int> descriptor = {};  // stays open in the sibling
};

struct SiblingsEnd {
  int which = 0;      // the first that failed; one killed by a signal takes precedence
  int exit_code = 0;  // its exit code; 0: all succeeded
  int signal = 0;     // the signal that killed it; 0: none
};

// Runs argv[0], this program or another one, with the same arguments in each sibling; stdout and
// stderr are shared. If one fails, the others get a moment to report, then SIGTERM, then SIGKILL; a
// stop signal is passed on to all. They are killed if this process dies. WorkError if one cannot be
// started.
SiblingsEnd run_siblings(const std::vector<std::string>& argv,
                         const std::vector<Sibling>& siblings);

}  // namespace minet
