// The metrics of distributions: generated sound against real, body vectors against instruments.
#include "eval_commands.hpp"
#include "minet/evaluation/knn.hpp"
#include "minet/evaluation/ndb.hpp"
#include "minet/evaluation/tsne.hpp"

namespace minet::app {

void add_ndb(CLI::App& app, EvalSession& session) {
  using Options = evaluation::NdbOptions;
  add_metric<Options>(
      app, session,
      {.name = "ndb",
       .summary = "Does generated sound fall into the bins of training sound as real sound does?",
       .example = "mi_eval ndb --model runs/first --corpus corpus --json ndb.json",
       .explanation =
           "The bins are cached beside the model (or in --cache), so a second run only generates.\n"
           "To use several machines, of which the first makes the bins, and merge their parts:\n"
           "  mi_eval ndb --model runs/first --corpus corpus --json ndb.json --shard 1/8\n"
           "  mi_eval merge ndb.json\n\n"},
      evaluation::evaluate_ndb,
      [](CLI::App& command, Options& options) {
        add_sampling_options(command, options.common.sampling);
        command
            .add_option("--bins", options.bins,
                        "Number of bins (k-means clusters of training clips)")
            ->capture_default_str();
        command
            .add_option("--train-clips", options.train_clips,
                        "Number of training clips that define the bins, at random positions")
            ->capture_default_str();
        command.add_option("--restarts", options.restarts, "Restarts of k-means")
            ->capture_default_str();
        command.add_option("--rounds", options.rounds, "Rounds of the bootstrap over tracks")
            ->capture_default_str();
        command.add_flag("--notes", options.notes, "Generate with the tracks' notes");
        command.add_option("--wav", options.wav,
                           "Measure the wav files in this folder instead of generating");
        command.add_option("--cache", options.cache,
                           "Folder for the bins; default: ndb beside the model");
      },
      {.measure = evaluation::measure_ndb_shard, .merge = evaluation::merge_ndb});
}

void add_knn(CLI::App& app, EvalSession& session) {
  using Options = evaluation::KnnOptions;
  add_metric<Options>(
      app, session,
      {.name = "knn",
       .summary = "Does the nearest body vector belong to the same instrument? Compared with raw "
                  "poses and chance",
       .example = "mi_eval knn --model runs/first --corpus corpus"},
      evaluation::evaluate_knn, [](CLI::App& command, Options& options) {
        command
            .add_option(
                "--train-clips", options.train_clips,
                "Number of training clips to search, at random positions; 0: all of split 'train'")
            ->capture_default_str();
      });
}

void add_tsne(CLI::App& app, EvalSession& session) {
  using Options = evaluation::TsneOptions;
  add_metric<Options>(
      app, session,
      {.name = "tsne",
       .summary = "Draw a map of body vectors, coloured by instrument (t-SNE)",
       .example = "mi_eval tsne --model runs/first --corpus corpus --out map"},
      evaluation::evaluate_tsne, [](CLI::App& command, Options& options) {
        command.add_option("--perplexity", options.perplexity, "Approximate number of neighbours")
            ->capture_default_str();
        command
            .add_option("--iterations", options.iterations, "Iterations of the gradient descent")
            ->capture_default_str();
        command.add_option("--out", options.out, "New folder for tsne.svg and tsne.csv");
      });
}

}  // namespace minet::app
