#include "launch_ranks.hpp"

#include <cstring>
#include <filesystem>

#include "minet/core/errors.hpp"
#include "minet/core/log.hpp"
#include "minet/core/siblings.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"

namespace minet::app {
namespace {

// As torchrun sets it.
Environment environment_of(int rank, int ranks, int port, int attempt) {
  return {{"RANK", text(rank)},
          {"WORLD_SIZE", text(ranks)},
          {"LOCAL_RANK", text(rank)},
          {"LOCAL_WORLD_SIZE", text(ranks)},
          {"MASTER_ADDR", "127.0.0.1"},
          {"MASTER_PORT", text(port)},
          {"TORCHELASTIC_USE_AGENT_STORE", "False"},
          {"TORCHELASTIC_RESTART_COUNT", text(attempt)}};
}

SiblingsEnd run_once(const std::vector<std::string>& argv, int ranks, int attempt) {
  const LoopbackPort port;
  std::vector<Sibling> siblings;
  for (int rank = 0; rank < ranks; ++rank) {
    siblings.push_back({.environment = environment_of(rank, ranks, port.port(), attempt)});
  }
  // Rank 0 takes over the port.
  siblings[0].environment.emplace_back("MINET_LISTENING", text(port.descriptor()));
  siblings[0].descriptor = port.descriptor();
  return run_siblings(argv, siblings);
}

}  // namespace

int launch_ranks(const std::vector<std::string>& arguments, const LaunchOptions& options) {
  std::vector<std::string> argv = arguments;
  argv[0] = std::filesystem::read_symlink("/proc/self/exe").string();
  for (int attempt = 0;; ++attempt) {
    const SiblingsEnd end = run_once(argv, options.ranks, attempt);
    if (const int signal = stop_signal(); signal != 0) {
      throw Interrupted(text("stopped all ", options.ranks, " ranks", options.go_on), signal);
    }
    if (end.exit_code == 0 || end.exit_code == kInputExit) return end.exit_code;
    const std::string what =
        end.signal != 0 ? text("rank ", end.which, " of ", options.ranks, " was killed by signal ",
                               end.signal, " (", ::strsignal(end.signal), ")")
                        : text("rank ", end.which, " of ", options.ranks, " failed");
    if (attempt < options.restarts) {
      log::warning(text(what, "; restarting all ranks from the last checkpoint (", attempt + 1,
                        " of ", options.restarts, ")"));
      continue;
    }
    if (end.signal == 0) return end.exit_code;  // it has printed the reason
    throw WorkError(text(what, ", and the others were stopped", options.go_on));
  }
}

}  // namespace minet::app
