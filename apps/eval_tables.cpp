// mi_eval tables: the paper's comparison as one command.
#include "eval_commands.hpp"
#include "minet/comparison/tables.hpp"

namespace minet::app {

namespace {

// Adds how to continue: an interrupted training or measurement only reports where it stopped.
comparison::TablesResult make(const comparison::TablesOptions& options) {
  try {
    return comparison::make_tables(options);
  } catch (const Interrupted& stopped) {
    const std::string where = stopped.what();
    throw Interrupted(
        text(where.substr(0, where.find(';')),
             "; run the same command again to continue: finished runs and results are kept"),
        stopped.signal());
  }
}

}  // namespace

void add_tables(CLI::App& app, EvalSession& session) {
  struct Arguments {
    comparison::TablesOptions options;
    JsonOutput output;
    bool no_training = false;
  };
  const auto arguments = std::make_shared<Arguments>();
  comparison::TablesOptions& options = arguments->options;
  CLI::App* command = add_command(
      app, {.name = "tables",
            .summary = "Train MI Net, its ablations and baselines, and compare them: the paper's "
                       "tables and a report",
            .example = "mi_eval tables configs/tiny.yaml --corpus corpus --out tables",
            .explanation =
                "After an interruption, run the same command again. A finished run in "
                "OUT/runs/<run>-seed<N>, also\none trained on another machine, is used if its "
                "configuration and corpus match (docs/evaluation.md).\nOUT/report.html has "
                "everything, with images and sound.\n"
                "To use several machines, once the runs are trained, and merge their parts:\n"
                "  mi_eval tables configs/tiny.yaml --corpus corpus --out tables --shard 1/8\n"
                "  mi_eval merge tables\n\n"});
  command->add_option("config", options.config, "Configuration of content-conditioned MI Net")
      ->required()
      ->type_name("CONFIG.yaml");
  command
      ->add_option("--corpus", options.corpus,
                   "Prepared corpus with instruments; if it has no notes, measurements that need "
                   "them are left out")
      ->required();
  command
      ->add_option("--out", options.out, "New folder, or one in which this command was interrupted")
      ->required();
  command->add_option("--seeds", options.seeds, "Train everything once for each of these seeds")
      ->check(whole_number())
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--set", options.overrides, "Change a key for all runs: a.b=c; repeatable")
      ->allow_extra_args(false);
  command->add_option("--clips", options.clips, "Test clips for all tables except the first")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command
      ->add_option("--ndb-clips", options.ndb_clips,
                   "Generated, real and training clips for the first table")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("--examples", options.examples, "Number of example clips in the report")
      ->capture_default_str()
      ->check(CLI::Range(0, 50));
  command->add_flag("--no-training", arguments->no_training,
                    "Report an error for missing runs instead of training them");
  command
      ->add_option("--same-corpus", options.same_corpora,
                   "Hash of a corpus (corpus.yaml) whose runs are also accepted: the same "
                   "recordings, prepared on another machine; repeatable")
      ->allow_extra_args(false);
  command->add_option("--unconditional", options.unconditional,
                      "Configuration of MI Net without notes; default: the one beside CONFIG");
  command->add_option("--no-mbr", options.no_mbr, "... without MBR blocks; likewise");
  command->add_option("--gru-seq2seq", options.gru_seq2seq, "... of the GRU-Seq2Seq; likewise");
  command->add_option("--seq2seq", options.seq2seq, "... of the Seq2Seq baseline; likewise");
  command->add_option("--graph-transformer", options.graph_transformer,
                      "... of the Graph-Transformer baseline; likewise");
  command->add_option("--plus", options.plus,
                      "... of plus, our own model (configs/plus.yaml); default: left out");
  command->add_option("--listening", options.listening,
                      "For table 3: the output of mi_eval listening score --json");
  command->add_option(
      "--paper", options.paper,
      "More published results: CSV file with the columns table, row, column, corpus, value");
  command->add_option("--device", options.device, "auto, cpu, cuda or cuda:N")
      ->capture_default_str();
  command->add_option("--threads", options.threads, "Threads for LibTorch; 0: its default")
      ->capture_default_str();
  add_json_options(*command, arguments->output);
  add_shard_option(*command, options.shard, "OUT.shards");
  command->callback([&session, arguments] {
    session.chosen = [&session, arguments] {
      comparison::TablesOptions& chosen = arguments->options;
      chosen.train = !arguments->no_training;
      chosen.shard = chosen_shard(session, chosen.shard);
      chosen.out = out_of(session, chosen.out);
      if (chosen.shard.count > 0) {
        const std::string report = make(chosen).report;
        save_shard_command(shard_folder(chosen.out, chosen.shard), session.arguments);
        if (!session.common.quiet) std::cout << printable_lines(report);
        return 0;
      }
      const auto all = [&]() -> evaluation::EvalResult {
        const comparison::TablesResult result = make(chosen);
        return {.json = result.json,
                .report = result.report + text("Page: ", result.page.string(), "\n")};
      };
      return chosen.shard.merge ? deliver_merged(session, arguments->output, all)
                                : deliver(session, arguments->output, all);
    };
  });
}

}  // namespace minet::app
