#include "help_formats.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include "minet/core/errors.hpp"
#include "minet/core/process.hpp"
#include "minet/core/text.hpp"
#include "minet/core/version.hpp"

namespace minet::app {
namespace {

constexpr std::string_view kFlag = "--help-format";
constexpr double kCompanionSeconds = 60;

struct Option {
  std::vector<std::string> names;  // "-o", "--out"; empty if positional
  std::string value;               // "TEXT"; empty for a flag
  std::string description;
};

struct Command {
  std::string name, summary, footer;
  std::vector<Option> options = {};
  std::vector<Command> commands = {};
};

Option read_option(const CLI::Option& from) {
  Option to;
  for (const std::string& name : from.get_snames()) to.names.push_back("-" + name);
  for (const std::string& name : from.get_lnames()) to.names.push_back("--" + name);
  if (to.names.empty()) {
    to.value = from.get_name(true);
  } else if (from.get_items_expected_max() > 0) {
    // "INT:INT in [0 - 1024]" -> "INT"
    to.value = split(from.get_type_name(), ':').front();
    if (to.value.empty()) to.value = "VALUE";
  }
  to.description = from.get_description();
  if (from.get_required()) to.description += " (required)";
  if (!from.get_default_str().empty()) {
    to.description += text(" [", from.get_default_str(), "]");
  }
  return to;
}

Command read_command(const CLI::App& app) {
  Command command{
      .name = app.get_name(), .summary = app.get_description(), .footer = app.get_footer()};
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_group().empty()) command.options.push_back(read_option(*option));
  }
  for (const CLI::App* each : app.get_subcommands(nullptr)) {
    command.commands.push_back(read_command(*each));
  }
  return command;
}

void add_companion(Command& command, const Companion& companion) {
  const auto program = find_companion(companion.program);
  if (!program) return;  // not built
  const ProcessResult result =
      run_process({*program, std::string(kFlag), "list"}, kCompanionSeconds);
  const auto at = std::find_if(command.commands.begin(), command.commands.end(),
                               [&](const Command& each) { return each.name == companion.word; });
  Command part{.name = companion.word, .summary = "", .footer = ""};
  for (const std::string& line : split(result.output, '\n')) {
    const std::vector<std::string> words = split(line, '\t');
    if (words.size() != 4) continue;
    Option option{.names = {}, .value = words[2], .description = words[3]};
    if (!words[1].empty()) option.names = split(words[1], ',');
    part.options.push_back(option);
  }
  if (at != command.commands.end()) {
    at->options = part.options;
  } else {
    command.commands.push_back(part);
  }
}

std::string replaced(std::string words, std::string_view from, std::string_view to) {
  for (std::size_t at = words.find(from); at != std::string::npos;
       at = words.find(from, at + to.size())) {
    words.replace(at, from.size(), to);
  }
  return words;
}

// ---- list ----

std::string list_of(const Command& command) {
  std::string out;
  for (const Option& option : command.options) {
    out += text(command.name, '\t', join(option.names, ","), '\t', option.value, '\t',
                replaced(option.description, "\n", " "), '\n');
  }
  for (const Command& each : command.commands) {
    out += text(command.name, "\t", each.name, "\t\t", each.summary, '\n', list_of(each));
  }
  return out;
}

// ---- man (groff_man(7)) ----

// Text for troff: hyphens are copied as typed, and no line is taken for a request.
std::string roff(const std::string& words) {
  std::string out = replaced(replaced(words, "\\", "\\e"), "-", "\\-");
  if (out.starts_with('.') || out.starts_with('\'')) out = "\\&" + out;
  return replaced(replaced(out, "\n.", "\n\\&."), "\n'", "\n\\&'");
}

std::string man_options(const Command& command) {
  std::string out;
  for (const Option& option : command.options) {
    std::vector<std::string> names;
    for (const std::string& name : option.names) names.push_back("\\fB" + roff(name) + "\\fR");
    out += ".TP\n" + join(names, ", ");
    if (!option.value.empty()) {
      out += (names.empty() ? "\\fI" : " \\fI") + roff(option.value) + "\\fR";
    }
    out += "\n" + roff(option.description) + "\n";
  }
  return out;
}

std::string man_footer(const std::string& footer) {
  return footer.empty() ? "" : ".nf\n" + roff(std::string(trim(footer))) + "\n.fi\n";
}

std::string man_of(const Command& command) {
  std::string upper;
  for (const char c : command.name) upper += static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  std::string out =
      text(".TH ", upper, " 1 \"\" \"minet ", version(), "\" \"User Commands\"\n.SH NAME\n",
           command.name, " \\- ", roff(command.summary), "\n.SH SYNOPSIS\n.B ", command.name, "\n");
  out += command.commands.empty() ? "[\\fIOPTIONS\\fR]\n" : "[\\fIOPTIONS\\fR] [\\fICOMMAND\\fR]\n";
  out += ".SH OPTIONS\n" + man_options(command);
  if (!command.commands.empty()) out += ".SH COMMANDS\n";
  for (const Command& each : command.commands) {
    out += ".SS " + roff(each.name) + "\n";
    if (!each.summary.empty()) out += roff(each.summary) + "\n";
    out += man_options(each);
    if (!each.footer.empty()) out += ".PP\n" + man_footer(each.footer);
  }
  if (!command.footer.empty()) out += ".SH EXAMPLES\n" + man_footer(command.footer);
  return out +
         ".SH EXIT STATUS\n"
         "0: success. 1: failure while working. 2: wrong usage or bad input. 128 + N: stopped by "
         "signal N.\n";
}

// ---- bash ----

std::string names_of(const Command& command) {
  std::vector<std::string> all;
  for (const Option& option : command.options) {
    all.insert(all.end(), option.names.begin(), option.names.end());
  }
  return join(all, " ");
}

std::string bash_of(const Command& command) {
  std::vector<std::string> words;
  std::string cases;
  for (const Command& each : command.commands) {
    words.push_back(each.name);
    cases += text("    ", each.name, ") options='", names_of(each), "' ;;\n");
  }
  std::string out =
      text("# bash completion for ", command.name, "\n_", command.name,
           "() {\n  local current=${COMP_WORDS[COMP_CWORD]} command= options= word\n");
  if (!words.empty()) {
    out += text("  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n    case $word in ",
                join(words, "|"), ") command=$word; break ;; esac\n  done\n");
  }
  out +=
      text("  case $command in\n    '') options='", names_of(command), "' ;;\n", cases, "  esac\n",
           "  if [[ $current == -* ]]; then\n    COMPREPLY=($(compgen -W \"$options\" -- "
           "\"$current\"))\n");
  if (!words.empty()) {
    out += text("  elif [[ -z $command ]]; then\n    COMPREPLY=($(compgen -W '", join(words, " "),
                "' -- \"$current\"))\n");
  }
  return out + text("  fi\n}\ncomplete -o default -F _", command.name, " ", command.name, "\n");
}

// ---- zsh ----

std::string quoted(const std::string& words) {
  return "'" + replaced(words, "'", "'\\''") + "'";
}

// `seen`: names that are already listed.
std::string zsh_options(const Command& command, const std::string& indent,
                        std::set<std::string>& seen) {
  std::string out;
  for (const Option& option : command.options) {
    std::string about = replaced(option.description, "\n", " ");
    for (const char* special : {"\\", "[", "]", ":"})
      about = replaced(about, special, std::string("\\") + special);
    for (const std::string& name : option.names) {
      if (!seen.insert(name).second) continue;
      const bool flag = option.value.empty();
      const std::string spec = text("*", name,
                                    flag                     ? ""
                                    : name.starts_with("--") ? "="
                                                             : "+",
                                    "[", about, "]", flag ? "" : ":" + option.value + ":_files");
      out += " \\\n" + indent + quoted(spec);
    }
  }
  return out;
}

std::string zsh_of(const Command& command) {
  const bool plain = std::none_of(command.commands.begin(), command.commands.end(),
                                  [](const Command& each) { return !each.name.starts_with("-"); });
  std::string out = text("#compdef ", command.name, "\n_", command.name, "() {\n");
  std::set<std::string> seen;
  if (plain) {
    out += "  _arguments" + zsh_options(command, "    ", seen);
    for (const Command& each : command.commands) out += zsh_options(each, "    ", seen);
    return out + text(" \\\n    '*:file:_files'\n}\n_", command.name, " \"$@\"\n");
  }
  out += "  local state line\n  _arguments -C" + zsh_options(command, "    ", seen) +
         " \\\n    '1: :->command' '*:: :->rest'\n  case $state in\n  command)\n    local -a "
         "commands=(";
  for (const Command& each : command.commands) {
    out += "\n      " + quoted(each.name + ":" + replaced(each.summary, ":", "\\:"));
  }
  out += ")\n    _describe command commands ;;\n  rest)\n    case $words[1] in\n";
  for (const Command& each : command.commands) {
    std::set<std::string> own;
    out += text("    ", each.name, ") _arguments", zsh_options(each, "      ", own),
                " \\\n      '*:file:_files' ;;\n");
  }
  return out + text("    esac ;;\n  esac\n}\n_", command.name, " \"$@\"\n");
}

}  // namespace

std::optional<std::string> asked_format(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == kFlag) return i + 1 < argc ? argv[i + 1] : "";
    if (word.starts_with(kFlag) && word.substr(kFlag.size()).starts_with('=')) {
      return std::string(word.substr(kFlag.size() + 1));
    }
  }
  return std::nullopt;
}

std::string formatted_help(const CLI::App& app, const std::string& format,
                           const std::vector<Companion>& companions) {
  Command command = read_command(app);
  for (const Companion& companion : companions) add_companion(command, companion);
  if (format == "man") return man_of(command);
  if (format == "bash") return bash_of(command);
  if (format == "zsh") return zsh_of(command);
  if (format == "list") return list_of(command);
  throw InputError(text("--help-format: expected man, bash, zsh or list, got '", format, "'"));
}

}  // namespace minet::app
