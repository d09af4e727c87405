// The metrics of the codes: what they preserve, how well they are predicted.
#include "eval_commands.hpp"
#include "minet/evaluation/codebook.hpp"
#include "minet/evaluation/nll.hpp"
#include "minet/evaluation/reconstruction.hpp"

namespace minet::app {

void add_reconstruction(CLI::App& app, EvalSession& session) {
  using Options = evaluation::ReconstructionOptions;
  add_metric<Options>(
      app, session,
      {.name = "reconstruction",
       .summary = "How well do the codes preserve a sound? Compared with PCA and k-means with as "
                  "many codes",
       .example = "mi_eval reconstruction --model runs/first --corpus corpus --sound clips"},
      evaluation::evaluate_reconstruction, [](CLI::App& command, Options& options) {
        command.add_option("--sound", options.sound,
                           "New folder for the sound of each clip: real, inverted, reconstructed");
        command
            .add_option("--iterations", options.invert_iterations,
                        "Iterations of phase reconstruction, for --sound")
            ->capture_default_str()
            ->check(CLI::Range(1, 10000));
      });
}

void add_codebook(CLI::App& app, EvalSession& session) {
  using Options = evaluation::CodebookOptions;
  add_metric<Options>(
      app, session,
      {.name = "codebook",
       .summary = "Which codes are used, for how long, and do they stand for notes or instruments?",
       .example = "mi_eval codebook --model runs/first --corpus corpus --out dictionary"},
      evaluation::evaluate_codebook, [](CLI::App& command, Options& options) {
        command.add_option(
            "--out", options.out,
            "New folder for a dictionary of the codes: a page with spectra and sounds");
        command
            .add_option("--codes", options.dictionary_codes,
                        "Codes in the dictionary, most used first; 0: all in use")
            ->capture_default_str();
      });
}

void add_nll(CLI::App& app, EvalSession& session) {
  using Options = evaluation::NllOptions;
  add_metric<Options>(app, session,
                      {.name = "nll",
                       .summary = "How well does the prior predict the codes? Compared with "
                                  "uniform, unigram and bigram models",
                       .example = "mi_eval nll --model runs/first --corpus corpus --json nll.json"},
                      evaluation::evaluate_nll, [](CLI::App& command, Options& options) {
                        command.add_flag("--clips-with-notes", options.clips_with_notes,
                                         "Leave out the clips of tracks without notes");
                      });
}

}  // namespace minet::app
