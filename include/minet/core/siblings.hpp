// Several processes of this program on this machine, started together, which end together.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace minet {

// A port of this machine's loopback address that nobody else gets while this lives.
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
  Environment environment;             // beside this process's own
  std::optional<int> descriptor = {};  // stays open in it
};

struct SiblingsEnd {
  int which = 0;      // the first that failed
  int exit_code = 0;  // its; 0: all ended well
  int signal = 0;     // that ended it; 0: it ended by itself
};

// This program, or another one, with the same arguments in each sibling; stdout and stderr are this
// process's. Where one fails, the others get a moment to say what they know, then a TERM, then a
// KILL; a stop signal is passed on to all. They end where this process does. WorkError: one cannot
// be started.
SiblingsEnd run_siblings(const std::vector<std::string>& argv,
                         const std::vector<Sibling>& siblings);

}  // namespace minet
