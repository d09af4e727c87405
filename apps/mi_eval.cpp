// mi_eval: measures a trained model on a corpus, beside reference scores and trivial baselines.
// One subcommand per metric; the eval_*.cpp files beside this one define them.
#include "eval_commands.hpp"
#include "minet/core/argv.hpp"

namespace minet::app {
namespace {

// Rejects arguments that no subcommand took.
[[noreturn]] void refuse(const CLI::App& app, const std::vector<std::string>& rest) {
  const std::vector<std::string> names = subcommand_names(app);
  const std::string got =
      rest.empty() || rest.front().starts_with('-') ? "nothing" : text("'", rest.front(), "'");
  throw InputError(text("METRIC: expected one of ", join(names, ", "), "; got ", got,
                        rest.empty() ? std::string() : did_you_mean(rest.front(), names),
                        "; see mi_eval --help"));
}

int main(std::vector<std::string> arguments, const std::optional<EvalMerge>& merge = {}) {
  const Program program{
      .name = "mi_eval",
      .summary =
          "Measure a trained model on a corpus, compared with baselines and with real sound.\n"
          "mi_eval METRIC --help explains each metric.",
      .example = "mi_eval nll --model runs/first --corpus corpus --json nll.json",
      .read_error = read_torch_error};
  EvalSession session;
  session.arguments = arguments;
  session.merge = merge;
  arguments.insert(arguments.begin(), program.name);
  std::vector<char*> argv = argv_of(arguments);
  const int argc = static_cast<int>(arguments.size());
  CLI::App app;
  set_up(app, program, session.common);
  app.require_subcommand(0, 1);
  app.allow_extras();  // so that minet itself reports an unknown metric
  add_reconstruction(app, session);
  add_codebook(app, session);
  add_nll(app, session);
  add_ndb(app, session);
  add_knn(app, session);
  add_tsne(app, session);
  add_notes(app, session);
  add_instrument(app, session);
  add_sampling(app, session);
  add_listening(app, session);
  add_examples(app, session);
  add_tables(app, session);
  add_merge(app, session, [](std::vector<std::string> made, const EvalMerge& how) {
    return main(std::move(made), how);
  });
  return run(app, program, session.common, argc, argv.data(), [&] {
    const std::vector<std::string> rest = app.remaining(/*recurse=*/true);
    if (!session.chosen) refuse(app, rest);
    if (!rest.empty()) {
      throw InputError(
          text(unknown_argument(app, argc, argv.data()), "; see ", help_command(program, app)));
    }
    if (session.merge) {
      const std::string made = app.get_subcommands().front()->get_name();
      if (made != "ndb" && made != "tables") {
        throw InputError(text(session.merge->out.string(),
                              ".shards: expected shards of ndb or tables, got those of ", made));
      }
      apply(session.common = session.merge->common);
    }
    return session.chosen();
  });
}

}  // namespace
}  // namespace minet::app

int main(int argc, char** argv) {
  return minet::app::leave(minet::app::main({argv + (argc > 0 ? 1 : 0), argv + argc}));
}
