// The errors that the library throws; only apps print them and exit.
// A message is one sentence: what was expected, what was found, where, and what to do.
#pragma once

#include <stdexcept>
#include <string>

namespace minet {

// Base class of all of them. `exit_code` is the exit status of an app that stops with this error.
class Error : public std::runtime_error {
 public:
  Error(const std::string& message, int exit_code)
      : std::runtime_error(message), exit_code_(exit_code) {}
  int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

inline constexpr int kWorkExit = 1;   // exit code of a WorkError
inline constexpr int kInputExit = 2;  // of an InputError

// Wrong input: a path, the contents of a file, an option, a configuration. Exit code 2.
class InputError : public Error {
 public:
  explicit InputError(const std::string& message) : Error(message, kInputExit) {}
};

// Correct input, but the work failed: a full disk, a NaN in a gradient. Exit code 1.
class WorkError : public Error {
 public:
  explicit WorkError(const std::string& message) : Error(message, kWorkExit) {}
};

// Stopped by a signal, after saving what can be saved. Exit code 128 + signal.
class Interrupted : public Error {
 public:
  Interrupted(const std::string& message, int signal)
      : Error(message, 128 + signal), signal_(signal) {}
  int signal() const { return signal_; }

 private:
  int signal_;
};

}  // namespace minet
