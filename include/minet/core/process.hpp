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

// WorkError if the program cannot be started or exceeds `time_limit_s`. `on_error_output` gets what
// it writes to stderr as it comes. `on_output`, where given, gets what it writes to stdout, which
// is not kept then, and an empty text 20 times a second; where it returns false the program is
// killed.
ProcessResult run_process(const std::vector<std::string>& argv, double time_limit_s = 600,
                          const std::function<void(std::string_view)>& on_error_output = {},
                          const std::function<bool(std::string_view)>& on_output = {});

// Full path of `program` on PATH.
std::optional<std::string> find_program(const std::string& program);

// The same for one of our own programs, which is looked for beside this one first.
std::optional<std::string> find_companion(const std::string& program);
// Or WorkError that says how to build it, or which library of the system it cannot be loaded
// without; `purpose` follows its name there.
std::string require_companion(const std::string& program, std::string_view purpose = "");

// The last line of what a program said, as a part of a sentence of ours.
std::string last_line(const std::string& output);

}  // namespace minet
