// The same options that --help explains, as a man page and as completions of bash and zsh. Hidden,
// because packagers and `cmake --install` use it: PROGRAM --help-format man|bash|zsh|list
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

namespace minet::app {

// A part of a program that is another program, whose options belong to the first one's pages.
struct Companion {
  std::string word;     // what starts it: a subcommand or a flag
  std::string program;  // beside this one, or on PATH
};

// The FORMAT of "--help-format FORMAT" or "--help-format=FORMAT", where that is among the
// arguments.
std::optional<std::string> asked_format(int argc, const char* const* argv);

// InputError for another format. `list` has a line an option, for companions and tests: command,
// names joined by commas, value (empty for flags), description; tabs between them.
std::string formatted_help(const CLI::App& app, const std::string& format,
                           const std::vector<Companion>& companions);

}  // namespace minet::app
