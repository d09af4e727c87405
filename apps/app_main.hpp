// Shared by all programs: common flags, and the one place where errors become exit codes.
//   0 done · 1 failed while working · 2 wrong usage or bad input · 128 + signal if stopped
// LibTorch's own exceptions are unknown here: programs that use it pass an ErrorReader for them.
#pragma once

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <iostream>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "early.hpp"
#include "help_formats.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/log.hpp"
#include "minet/core/message.hpp"
#include "minet/core/progress.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"
#include "minet/core/version.hpp"
#include "minet/score/notes.hpp"

namespace minet::app {

struct CommonOptions {
  bool quiet = false;
  std::string log_level = "info";
};

// The message for another library's exception; nullopt if the exception is not that library's.
using ErrorReader = std::function<std::optional<std::string>(const std::exception&)>;

struct Program {
  std::string name;
  std::string summary;
  std::string example;  // ends the help text
  ErrorReader read_error = {};
  std::vector<Companion> companions = {};
  std::string invocation = name;  // what precedes --help
};

// One sentence on one line (a list of problems keeps its lines), safe on any terminal.
inline int fail(const Program& program, const std::string& message, int exit_code) {
  std::string out = program.name + ": " + shortened_lines(message);
  if (message.find('\n') == std::string::npos && !out.ends_with('.')) out += '.';
  out += '\n';
  std::fwrite(out.data(), 1, out.size(), stderr);
  return exit_code;
}

// True if the program, or the chosen subcommand, has that option.
inline bool has_option(const CLI::App& app, const std::string& flag) {
  if (app.get_option_no_throw(flag) != nullptr) return true;
  const auto commands = app.get_subcommands();
  return std::any_of(commands.begin(), commands.end(),
                     [&](const CLI::App* command) { return has_option(*command, flag); });
}

// Turns the library's option names ("clips: expected ...", "use the option 'train_clips'") into
// flags: "--clips: expected ...", "use --train-clips".
inline std::string with_flags(const CLI::App& app, std::string message) {
  const auto flag = [](std::string name) {
    std::replace(name.begin(), name.end(), '_', '-');
    return "--" + name;
  };
  constexpr std::string_view kBefore = "the option '";
  for (std::size_t at = message.find(kBefore); at != std::string::npos;
       at = message.find(kBefore, at + 1)) {
    const std::size_t begin = at + kBefore.size(), end = message.find('\'', begin);
    if (end == std::string::npos) break;
    message.replace(at, end + 1 - at, flag(message.substr(begin, end - begin)));
  }
  const std::size_t colon = message.find(": expected");
  const std::string name = message.substr(0, colon == std::string::npos ? 0 : colon);
  std::error_code ignored;  // a path of that name is a path
  if (has_option(app, flag(name)) && !std::filesystem::exists(name, ignored)) {
    message.replace(0, colon, flag(name));
  }
  return message;
}

// Ends the process as the signal would have, after work has been saved and cleaned up.
inline int stop(const CLI::App& app, const Program& program, const Interrupted& stopped) {
  const int exit_code = fail(program, with_flags(app, stopped.what()), stopped.exit_code());
  std::fflush(nullptr);
  ::signal(stopped.signal(), SIG_DFL);
  ::raise(stopped.signal());
  return exit_code;  // if the signal is blocked
}

inline int report_current_exception(const CLI::App& app, const Program& program) {
  try {
    throw;
  } catch (const Interrupted& stopped) {
    return stop(app, program, stopped);
  } catch (const Error& error) {
    return fail(program, with_flags(app, error.what()), error.exit_code());
  } catch (const std::bad_alloc&) {
    return fail(program, kNoMemory, kWorkExit);
  } catch (const std::filesystem::filesystem_error& error) {  // about a given path
    const std::error_code code = error.code();
    const bool disk = code == std::errc::no_space_on_device || code == std::errc::io_error ||
                      code == std::errc::read_only_file_system;
    return fail(program,
                text("cannot use ", printable(error.path1().string()), ": ", code.message()),
                disk ? kWorkExit : kInputExit);
  } catch (const std::system_error& error) {  // from std::thread
    return fail(program, text("cannot start a thread: ", error.code().message()), kWorkExit);
  } catch (const std::exception& error) {
    if (program.read_error) {
      if (const auto sentence = program.read_error(error))
        return fail(program, *sentence, kWorkExit);
    }
    return fail(program, text("failed unexpectedly: ", error.what()), kWorkExit);
  } catch (...) {
    return fail(program, "failed unexpectedly for an unknown reason", kWorkExit);
  }
}

inline void set_up(CLI::App& app, const Program& program, CommonOptions& common) {
  app.name(program.name);
  app.description(program.summary);
  app.footer("Example:\n  " + program.example);
  app.set_version_flag("--version", program.name + " " + version());
  app.add_flag("-q,--quiet", common.quiet, "Print errors only");
  app.add_option("--log-level", common.log_level, "debug, info, warning, error or off")
      ->default_str(common.log_level);
}

// For seeds: CLI11 would read -1 as the largest number.
inline CLI::Validator whole_number() {
  return CLI::Validator(
      [](const std::string& word) {
        std::uint64_t value = 0;
        const char* const end = word.data() + word.size();
        const auto [stop, error] = std::from_chars(word.data(), end, value);
        return error == std::errc() && stop == end
                   ? std::string()
                   : text("expected a whole number from 0 to ", UINT64_MAX, ", got ", word);
      },
      "");
}

// Options that select a part of a MIDI file and transpose it; only beside `notes`, if given.
inline void add_score_options(CLI::App& app, score::ReadNotesOptions& options,
                              CLI::Option* notes = nullptr) {
  const auto add = [&](const char* name, int& value, const char* meaning, const CLI::Range& range) {
    CLI::Option* option = app.add_option(name, value, meaning)->check(range);
    if (notes != nullptr) option->needs(notes);
  };
  add("--track", options.midi.track, "Track of the MIDI file, from 1; default: all", {1, 1024});
  add("--channel", options.midi.channel, "Channel of the MIDI file, 1 to 16; default: all",
      {1, 16});
  add("--transpose", options.transpose, "Semitones to transpose by; negative: down", {-60, 60});
}

inline void apply(const CommonOptions& common) {
  const auto level = log::parse_level(common.log_level);
  if (!level) {
    throw InputError(text("--log-level should be debug, info, warning, error or off, not '",
                          common.log_level, "'"));
  }
  log::set_level(common.quiet ? std::max(*level, log::Level::error) : *level);
  Progress::set_quiet(common.quiet);
}

// " (did you mean --table?)" if one of the known names is close to `name`.
inline std::string did_you_mean(const std::string& name, const std::vector<std::string>& known) {
  if (name.empty()) return {};
  const auto begins = [&](const std::string& other) { return other.starts_with(name); };
  const auto longer = std::find_if(known.begin(), known.end(), begins);
  const auto near = longer != known.end() ? std::optional(*longer) : nearest_name(name, known);
  return near ? text(" (did you mean ", *near, "?)") : "";
}

// The program, the chosen subcommand, its chosen subcommand and so on.
inline std::vector<const CLI::App*> chosen_commands(const CLI::App& app) {
  std::vector<const CLI::App*> chain{&app};
  for (auto next = app.get_subcommands(); !next.empty(); next = chain.back()->get_subcommands()) {
    chain.push_back(next.front());
  }
  return chain;
}

inline std::string help_command(const Program& program, const CLI::App& app) {
  std::string command = program.invocation;
  const auto chain = chosen_commands(app);
  for (auto at = chain.begin() + 1; at != chain.end(); ++at) command += " " + (*at)->get_name();
  return command + " --help";
}

inline std::vector<std::string> subcommand_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands(nullptr)) names.push_back(command->get_name());
  return names;
}

// What is wrong with the first argument that the chosen commands do not know; empty if they know
// them all.
inline std::string unknown_argument(const CLI::App& app, int argc, char** argv) {
  const std::vector<const CLI::App*> chain = chosen_commands(app);
  const std::vector<std::string> commands = subcommand_names(*chain.back());
  const std::vector<std::string> rest = app.remaining(true);
  if (!commands.empty()) {
    return rest.empty() ? std::string()
                        : text("expected a subcommand, got '", printable(rest.front()), "'",
                               did_you_mean(rest.front(), commands));
  }
  std::vector<std::string> options;
  for (const CLI::App* command : chain) {
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) options.push_back("--" + name);
    }
  }
  for (int i = 1; i < argc; ++i) {
    const std::string name = split(argv[i], '=').front();
    const bool known = std::find(options.begin(), options.end(), name) != options.end();
    if (!name.starts_with("--") || name == "--" || known) continue;
    return text(printable(name), " is not an option", did_you_mean(name, options));
  }
  return rest.empty() ? std::string()
                      : text("expected nothing more, got '", printable(rest.front()), "'");
}

// The sentence for arguments that cannot be parsed. An unknown one is named first: a required
// option may be missing only because its name is misspelt.
inline std::string usage_error(const CLI::App& app, const CLI::ParseError& error, int argc,
                               char** argv) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError) ||
      error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError)) {
    const std::string unknown = unknown_argument(app, argc, argv);
    if (!unknown.empty()) return unknown;
  }
  const std::string said = join(split(error.what(), '\n'), " ");
  constexpr std::string_view kConversion = "Could not convert: ";  // --fps = 29,97
  const std::size_t equals = said.find(" = ");
  if (said.starts_with(kConversion) && equals != std::string::npos) {
    return text(said.substr(kConversion.size(), equals - kConversion.size()),
                ": expected a number, got '", printable(said.substr(equals + 3)), "'");
  }
  return said;
}

// Whether standard output has no reader left. errno is no help: later calls may have changed it.
inline bool reader_is_gone() {
  pollfd output{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
  return ::poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

// Flushes standard output. If the reader has closed it (| head), the program ends quietly, like any
// other.
inline int finish_output(const Program& program, int exit_code) {
  std::cout.flush();
  if (std::cout) return exit_code;
  constexpr int kBrokenPipe = 128 + SIGPIPE;
  return reader_is_gone() ? kBrokenPipe
                          : fail(program, "cannot write to standard output", kWorkExit);
}

// Parses, sets up and calls `work`, which returns the exit code. Lets no exception escape.
inline int run(CLI::App& app, const Program& program, const CommonOptions& common, int argc,
               char** argv, const std::function<int()>& work) {
  try {
    if (const auto format = asked_format(argc, argv)) {
      std::cout << formatted_help(app, *format, program.companions);
      return finish_output(program, 0);
    }
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      if (error.get_exit_code() == 0) {
        app.exit(error);  // --help and --version print here
      } else {
        return fail(program,
                    text(usage_error(app, error, argc, argv), "; see ", help_command(program, app)),
                    kInputExit);
      }
      return finish_output(program, 0);
    }
    started();
    apply(common);
    install_stop_handlers();
    return finish_output(program, work());
  } catch (...) {
    return report_current_exception(app, program);
  }
}

}  // namespace minet::app
