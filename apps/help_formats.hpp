// The options shown by --help, as a man page and as completions for bash and zsh. Hidden, because
// only packagers and `cmake --install` use it: PROGRAM --help-format man|bash|zsh|list
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

namespace minet::app {

// A part of a program that is a program of its own; its options belong on the first one's pages.
struct Companion {
  std::string word;     // the subcommand or flag that starts it
  std::string program;  // beside this one, or on PATH
};

// The FORMAT of "--help-format FORMAT" or "--help-format=FORMAT", if that is among the
// arguments.
std::optional<std::string> asked_format(int argc, const char* const* argv);

// InputError for an unknown format. `list` has one line per option, for companions and tests:
// command, names joined by commas, value (empty for flags), description; separated by tabs.
std::string formatted_help(const CLI::App& app, const std::string& format,
                           const std::vector<Companion>& companions);

}  // namespace minet::app
