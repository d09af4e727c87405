// mi_eval listening make|score: a test with people.
#include "eval_commands.hpp"
#include "minet/listening/examples.hpp"
#include "minet/listening/listening.hpp"

namespace minet::app {
namespace {

using listening::RealSound;

void add_make(CLI::App& app, EvalSession& session) {
  struct Arguments {
    listening::ListeningOptions options;
    JsonOutput output;
    std::string real = "recorded";
    bool no_notes = false, no_body = false;
  };
  const auto arguments = std::make_shared<Arguments>();
  listening::ListeningOptions& options = arguments->options;
  CLI::App* command = add_command(
      app, {.name = "make",
            .summary = "Make OUT/listening.html for listeners, and OUT/key.json, which you keep",
            .example = "mi_eval listening make --model run --corpus corpus --out test",
            .explanation = "Listeners can open the page from disk. They send you the file it "
                           "saves; mi_eval listening score reads these files.\n\n"});
  command
      ->add_option("--model", options.common.model, "Run folder, or folder with model.safetensors")
      ->required();
  command->add_option("--corpus", options.common.corpus, "Prepared corpus (mi_prepare)")
      ->required();
  command->add_option("--out", options.out, "New folder for the page and its key")->required();
  command->add_option("--split", options.common.split, "Split to take clips from")
      ->capture_default_str();
  add_sampling_options(*command, options.common.sampling);
  command
      ->add_option("--pairs", options.pairs,
                   "Pairs, spread over the instruments; 0: 3 per instrument, or 39 without labels")
      ->capture_default_str();
  command
      ->add_option("--catch-trials", options.catch_trials,
                   "Additional pairs with noise instead of generated sound, to find listeners who "
                   "do not pay "
                   "attention")
      ->capture_default_str();
  command
      ->add_option("--real", arguments->real,
                   "recorded, or inverted: with reconstructed phases, like the model's sound")
      ->capture_default_str()
      ->check(CLI::IsMember({"recorded", "inverted"}));
  command->add_flag("--no-notes", arguments->no_notes, "Generate from the movements alone");
  command->add_flag("--no-body", arguments->no_body, "Do not show the movements");
  command->add_option("--iterations", options.iterations, "Iterations of phase reconstruction")
      ->capture_default_str()
      ->check(CLI::Range(0, 10'000));
  command->add_option("--title", options.title, "Title of the page")->capture_default_str();
  command
      ->add_option("--seed", options.common.seed,
                   "Random seed for clips, order and generated sound")
      ->check(whole_number())
      ->capture_default_str();
  add_compute_options(*command, options.common.device, options.common.threads);
  add_json_options(*command, arguments->output);
  command->callback([&session, arguments] {
    session.chosen = [&session, arguments] {
      listening::ListeningOptions chosen = arguments->options;
      chosen.notes = !arguments->no_notes;
      chosen.body = !arguments->no_body;
      chosen.real = arguments->real == "recorded" ? RealSound::recorded : RealSound::inverted;
      chosen.force = arguments->output.force;
      return deliver(session, arguments->output,
                     [&] { return listening::make_listening_test(chosen); });
    };
  });
}

void add_score(CLI::App& app, EvalSession& session) {
  struct Arguments {
    listening::ListeningScoreOptions options;
    JsonOutput output;
  };
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command = add_command(
      app,
      {.name = "score",
       .summary = "Report how often the model's sound was taken for real, with 95 % intervals, "
                  "by instrument and listener",
       .example = "mi_eval listening score --key test/key.json answers/"});
  command->add_option("answers", arguments->options.answers, "Listeners' files, or folders of them")
      ->required();
  command->add_option("--key", arguments->options.key, "The test's key.json")->required();
  command
      ->add_option("--missed-catch-trials", arguments->options.missed_catch_trials,
                   "Exclude listeners who miss more of the catch trials than this")
      ->capture_default_str()
      ->check(CLI::Range(0, 100));
  command
      ->add_option("--seed", arguments->options.seed,
                   "Random seed for the bootstrap over listeners")
      ->check(whole_number())
      ->capture_default_str();
  add_json_options(*command, arguments->output);
  command->callback([&session, arguments] {
    session.chosen = [&session, arguments] {
      return deliver(session, arguments->output,
                     [&] { return listening::score_listening_test(arguments->options); });
    };
  });
}

}  // namespace

void add_listening(CLI::App& app, EvalSession& session) {
  CLI::App* command =
      add_command(app, {.name = "listening",
                        .summary = "Can people tell generated sound from a recording? Make a "
                                   "listening test and score the answers",
                        .example = "mi_eval listening make --model run --corpus corpus --out test\n"
                                   "  mi_eval listening score --key test/key.json answers/"});
  add_make(*command, session);
  add_score(*command, session);
  command->callback([&session, command] {
    if (!command->get_subcommands().empty()) return;
    session.chosen = []() -> int {
      throw InputError("listening: expected make or score; see mi_eval listening --help");
    };
  });
}

void add_examples(CLI::App& app, EvalSession& session) {
  struct Arguments {
    listening::ExamplesOptions options;
    JsonOutput output;
    bool every_split = false;
  };
  const auto arguments = std::make_shared<Arguments>();
  listening::ExamplesOptions& options = arguments->options;
  CLI::App* command = add_command(
      app, {.name = "examples",
            .summary = "Make a page, OUT/index.html, of what models generate for players: sound, "
                       "spectrogram and movements",
            .example = "mi_eval examples --model models/plus --model models/paper --corpus corpus "
                       "--out examples"});
  command
      ->add_option("--model", options.models,
                   "Run folder, or folder with model.safetensors; repeatable")
      ->required()
      ->allow_extra_args(false);
  command->add_option("--corpus", options.corpus, "Prepared corpus (mi_prepare)");
  command
      ->add_option("--player", options.players,
                   "Keypoints of a player outside the corpus, in any format; repeatable")
      ->allow_extra_args(false);
  command->add_option("--out", options.out, "New folder for the page and its sounds")->required();
  command
      ->add_option("--tracks", options.tracks,
                   "Number of tracks of the corpus, spread over instruments")
      ->capture_default_str();
  command->add_option("--track", options.chosen, "Only this track of the corpus; repeatable")
      ->allow_extra_args(false);
  command->add_option("--split", options.split, "Split to choose tracks from")
      ->capture_default_str();
  command->add_flag("--every-split", arguments->every_split, "Choose from all splits");
  command->add_option("--seconds", options.seconds, "Seconds of each player, from the start")
      ->capture_default_str();
  command->add_option("--title", options.title, "Title of the page")->capture_default_str();
  add_sampling_options(*command, options.sampling);
  command->add_option("--iterations", options.iterations, "Iterations of phase reconstruction")
      ->capture_default_str()
      ->check(CLI::Range(0, 10'000));
  command->add_option("--seed", options.seed, "Random seed")
      ->check(whole_number())
      ->capture_default_str();
  add_compute_options(*command, options.device, options.threads);
  add_json_options(*command, arguments->output);
  command->callback([&session, arguments] {
    session.chosen = [&session, arguments] {
      listening::ExamplesOptions chosen = arguments->options;
      if (arguments->every_split) chosen.split.clear();
      chosen.force = arguments->output.force;
      return deliver(session, arguments->output, [&] { return listening::make_examples(chosen); });
    };
  });
}

}  // namespace minet::app
