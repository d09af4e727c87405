// The metrics of the sound: notes and instrument.
#include "eval_commands.hpp"
#include "minet/evaluation/instrument.hpp"
#include "minet/evaluation/notes.hpp"
#include "minet/evaluation/sampling_search.hpp"

namespace minet::app {
namespace {

void add_iterations(CLI::App& command, std::int64_t& iterations) {
  command.add_option("--iterations", iterations, "Iterations of phase reconstruction")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000));
}

}  // namespace

void add_notes(CLI::App& app, EvalSession& session) {
  using Options = evaluation::NotesOptions;
  add_metric<Options>(
      app, session,
      {.name = "notes",
       .summary = "Does the generated sound play the notes? Stage by stage, compared with chance",
       .example = "mi_eval notes --model runs/first --corpus corpus --json notes.json"},
      evaluation::evaluate_notes, [](CLI::App& command, Options& options) {
        add_iterations(command, options.iterations);
        add_sampling_options(command, options.common.sampling);
        command
            .add_option("--whole-seconds", options.whole_seconds,
                        "Also measure held notes in this many seconds of each whole track; 0: off")
            ->capture_default_str();
      });
}

void add_instrument(CLI::App& app, EvalSession& session) {
  using Options = evaluation::InstrumentOptions;
  add_metric<Options>(app, session,
                      {.name = "instrument",
                       .summary = "Which instrument does a classifier trained on real sound hear?",
                       .example = "mi_eval instrument --model runs/first --corpus corpus"},
                      evaluation::evaluate_instrument, [](CLI::App& command, Options& options) {
                        command
                            .add_option("--train-clips", options.train_clips,
                                        "Number of training clips for the classifier, at random "
                                        "positions; 0: all of split 'train'")
                            ->capture_default_str();
                        command.add_flag("--clips-with-notes", options.clips_with_notes,
                                         "Leave out the clips of tracks without notes");
                        command.add_flag("--notes", options.notes,
                                         "Generate with the tracks' notes");
                        add_iterations(command, options.iterations);
                        add_sampling_options(command, options.common.sampling);
                      });
}

void add_sampling(CLI::App& app, EvalSession& session) {
  using Options = evaluation::SamplingSearchOptions;
  add_metric<Options>(
      app, session,
      {.name = "sampling",
       .summary = "Which temperature and top-p, for its config.yaml, suit the model best?",
       .example = "mi_eval sampling --model runs/first --corpus validation --json sampling.json",
       .explanation = "Choose on players that are used for neither training nor testing, such as "
                      "an orchestra with\nanother seed.\n\n"},
      evaluation::search_sampling, [](CLI::App& command, Options& options) {
        command.add_option("--temperatures", options.temperatures, "Temperatures to try")
            ->delimiter(',')
            ->capture_default_str();
        command.add_option("--top-ps", options.top_ps, "Values of top-p to try with each")
            ->delimiter(',')
            ->capture_default_str();
        command
            .add_option(
                "--train-clips", options.train_clips,
                "Number of training clips for the classifier, at random positions; 0: all of split "
                "'train'")
            ->capture_default_str();
        add_iterations(command, options.iterations);
      });
}

}  // namespace minet::app
