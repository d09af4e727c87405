// mi_eval merge: runs the command that made the shards again, which then uses their measurements.
#include "eval_commands.hpp"

namespace minet::app {
namespace fs = std::filesystem;

void add_merge(CLI::App& app, EvalSession& session, const RunAgain& again) {
  struct Arguments {
    fs::path out;
    bool force = false;
  };
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command = add_command(
      app, {.name = "merge",
            .summary = "Merge the shards of a command into its result (ndb, tables)",
            .example = "mi_eval merge ndb.json",
            .explanation =
                "Each shard is made by the same command with a different --shard, on any machine:\n"
                "  mi_eval ndb --model runs/first --corpus corpus --json ndb.json --shard 1/8\n"
                "  mi_eval tables configs/paper.yaml --corpus corpus --out tables --shard 1/8\n"
                "The result is what the command without --shard would have given. Both\n"
                "steps can be repeated: finished parts are kept.\n\n"});
  command
      ->add_option("result", arguments->out, "The --json file of ndb or the --out folder of tables")
      ->required();
  command->add_flag("--force", arguments->force, "Overwrite existing files");
  command->callback([&session, arguments, again] {
    session.chosen = [&session, arguments, again] {
      EvalMerge merge;
      merge.out = fs::absolute(arguments->out);
      merge.force = arguments->force;
      merge.common = session.common;
      ShardCommand made = read_shard_command(all_shards(merge.out).front());
      fs::current_path(made.folder);
      return again(std::move(made.arguments), merge);
    };
  });
}

}  // namespace minet::app
