// Runs a program by argument vector, without a shell, and waits for it. If this process is killed,
// so is the program.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace minet {

struct ProcessResult {
  int exit_code = 0;         // 128 + signal if killed
  std::string output;        // stdout
  std::string error_output;  // stderr, its last 2 KiB
};

// WorkError if the program cannot be started or exceeds `time_limit_s`. `on_error_output` receives
// its stderr as it arrives. `on_output`, if given, receives its stdout, which is then not kept, and
// is called with an empty string about 20 times a second when there is none; if it returns false,
// the program is killed.
ProcessResult run_process(const std::vector<std::string>& argv, double time_limit_s = 600,
                          const std::function<void(std::string_view)>& on_error_output = {},
                          const std::function<bool(std::string_view)>& on_output = {});

// Full path of `program` on PATH.
std::optional<std::string> find_program(const std::string& program);

// The same for one of our own programs; looks beside the running program first.
std::optional<std::string> find_companion(const std::string& program);
// The same, but throws a WorkError that says how to build the program, or which system library is
// missing to load it; `purpose` follows the program's name in the message.
std::string require_companion(const std::string& program, std::string_view purpose = "");

// The last non-empty line of a program's output, fit to become part of a message.
std::string last_line(const std::string& output);

}  // namespace minet
