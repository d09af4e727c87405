// Typed errors. The library throws them; only apps print them and exit.
// A message is one sentence: what was expected, what came, where, and what to do.
#pragma once

#include <stdexcept>
#include <string>

namespace minet {

// Base of every error thrown on purpose. `exit_code` is what an app exits with.
class Error : public std::runtime_error {
 public:
  Error(const std::string& message, int exit_code)
      : std::runtime_error(message), exit_code_(exit_code) {}
  int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

// The user's input is wrong: a path, a file's content, an option, a configuration. Exit code 2.
class InputError : public Error {
 public:
  explicit InputError(const std::string& message) : Error(message, 2) {}
};

// The input was fine but the work failed: no room on the disk, a NaN in a gradient. Exit code 1.
class WorkError : public Error {
 public:
  explicit WorkError(const std::string& message) : Error(message, 1) {}
};

// A stop signal came and the work was saved. Exit code 128 + signal.
class Interrupted : public Error {
 public:
  Interrupted(const std::string& message, int signal)
      : Error(message, 128 + signal), signal_(signal) {}
  int signal() const { return signal_; }

 private:
  int signal_;
};

}  // namespace minet
