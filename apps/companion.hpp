// Hands over to another minet program beside this one, which needs libraries that this one avoids
// loading.
#pragma once

#include <unistd.h>

#include <string>
#include <vector>

#include "minet/core/argv.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/process.hpp"
#include "minet/core/text.hpp"

namespace minet::app {

// Replaces this process by `program` with these arguments. WorkError if it was not built or cannot
// be started.
[[noreturn]] inline void become_companion(const std::string& program,
                                          std::vector<std::string> arguments) {
  const std::string path = require_companion(program);
  arguments.insert(arguments.begin(), path);
  ::execv(path.c_str(), argv_of(arguments).data());
  throw WorkError(text("cannot start ", printable(path)));
}

}  // namespace minet::app
