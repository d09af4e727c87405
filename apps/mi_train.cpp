// mi_train: trains a model on a prepared corpus, in two stages, or a baseline in one.
#include <filesystem>
#include <iostream>
#include <memory>

#include "launch_ranks.hpp"
#include "minet/config/config.hpp"
#include "minet/models/model.hpp"
#include "minet/training/ranks.hpp"
#include "minet/training/train.hpp"
#include "torch_main.hpp"

using namespace minet;

namespace {

struct Arguments {
  std::string config_file, stage = "all", resume, freeze;
  std::vector<std::string> overrides;
  bool explain = false, quick = false;
  int nproc = 0, restarts = 0;  // ranks on this machine
  double rank_timeout_s = 600;
};

// Settings of --quick, applied before the user's own: every part is trained, but only briefly. The
// codebook is initialised within the first stage.
std::vector<std::string> quick_settings() {
  std::vector<std::string> all = {"vqvae.plain_steps=20", "vqvae.kmeans_vectors=4000",
                                  "run.log_every=10", "run.evaluate_every=20",
                                  "run.evaluate_clips=4"};
  for (const char* stage : {"vqvae", "prior", "baseline", "synthesiser", "controls"}) {
    for (const char* setting : {"steps=40", "warmup_steps=5", "batch=4"}) {
      all.push_back(text(stage, "_training.", setting));
    }
  }
  return all;
}

std::vector<std::string> overrides_of(const Arguments& arguments) {
  std::vector<std::string> all;
  if (arguments.quick) all = quick_settings();
  all.insert(all.end(), arguments.overrides.begin(), arguments.overrides.end());
  return all;
}

// A new run: the arguments specify everything.
void start_new(const Arguments& arguments, const app::ComputeOptions& compute,
               training::TrainOptions& options) {
  if (options.corpus.empty())
    throw InputError("--corpus: expected a prepared corpus, got none; see mi_train --help");
  if (options.run.empty())
    throw InputError("--run: expected a folder for this run, got none; see mi_train --help");
  if (!arguments.freeze.empty()) options.freeze = training::parse_stage(arguments.freeze);
  options.device = compute.device;
  options.threads = compute.threads;
}

// Resumes a run: its folder specifies everything; a moved corpus and a few settings may be given.
void go_on(const Arguments& arguments, const app::ComputeOptions& compute,
           training::TrainOptions& options) {
  if (!arguments.config_file.empty() || !options.run.empty() || !options.init_from.empty() ||
      !arguments.freeze.empty() || arguments.quick) {
    throw InputError(
        "--resume: expected the run's folder only, because it holds the configuration, got more; "
        "leave out the configuration, --run, --init-from, --freeze and --quick, and change keys "
        "with --set");
  }
  options.run = arguments.resume;
  options.resume = true;
  const training::RunSettings settings = training::read_run_settings(options.run);
  options.config = config::load_train_config(options.run / "config.yaml", arguments.overrides);
  if (options.corpus.empty()) options.corpus = settings.corpus;
  options.init_from = settings.init_from;
  options.freeze = settings.freeze;
  const bool same_device = compute.device == app::ComputeOptions{}.device;
  options.device = same_device && !settings.device.empty() ? settings.device : compute.device;
  options.threads = compute.threads > 0 ? compute.threads : settings.threads;
}

// A word quoted for a shell.
std::string quoted(const std::filesystem::path& path) {
  const std::string word = path.string();
  const bool plain = word.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                         "0123456789_-./+=:,@%") == std::string::npos;
  if (plain && !word.empty()) return printable(word);
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return printable(out + "'");
}

// Trains as one of several ranks. Only rank 0 logs fully; the others report only their own errors.
int train_as_rank(const training::RankPlace& place, const Arguments& arguments,
                  training::TrainOptions& options) {
  if (place.rank != 0) {
    log::set_level(std::max(log::level(), log::Level::error));
    Progress::set_quiet(true);
  }
  if (arguments.nproc > 0 && arguments.nproc != place.size) {
    throw InputError(text("--nproc: expected the ", place.size, " ranks that were started, got ",
                          arguments.nproc, "; leave it out under torchrun and srun"));
  }
  // Not destroyed on failure: pending operations with a lost rank might be waited for.
  std::unique_ptr<training::Ranks> ranks;
  try {
    ranks = std::make_unique<training::Ranks>(place, arguments.rank_timeout_s);
    options.ranks = ranks.get();
    training::train(options);
    return 0;
  } catch (const training::FirstFailed& failed) {
    static_cast<void>(ranks.release());
    return failed.exit_code();
  } catch (const Interrupted& stopped) {
    static_cast<void>(ranks.release());
    if (place.rank == 0) throw;
    return stopped.exit_code();
  } catch (const Error& error) {
    static_cast<void>(ranks.release());
    if (place.rank == 0 || std::string_view(error.what()).starts_with("rank ")) throw;
    throw Error(text("rank ", place.rank, ": ", error.what()), error.exit_code());
  }
}

// A run does not record which stages were requested.
std::string stage_option(training::Stage stage) {
  return stage == training::Stage::all ? std::string() : " --stage " + to_string(stage);
}

std::string next_command(const training::TrainOptions& options) {
  const std::string run = quoted(options.run);
  if (options.config.is_baseline()) {
    return text("mi_eval ndb --model ", run, " --corpus ", quoted(options.corpus));
  }
  if (training::stage_after(options.stage)) {
    return text("mi_train --resume ", run);
  }
  return text("mi_generate --model ", run, " --pose KEYPOINTS -o out.wav");
}

}  // namespace

int main(int argc, char** argv) {
  const app::Program program{
      .name = "mi_train",
      .summary = "Train a model: first the VQ-VAE, then body encoder and prior on its codes.",
      .example =
          "mi_train configs/tiny.yaml --corpus corpus --run runs/first\n"
          "  mi_train --resume runs/first",
      .read_error = app::read_torch_error};
  app::CommonOptions common;
  app::ComputeOptions compute;
  CLI::App cli;
  app::set_up(cli, program, common);
  app::add_compute_options(cli, compute.device, compute.threads);

  Arguments arguments;
  training::TrainOptions options;
  cli.add_option(
      "config", arguments.config_file,
      "Configuration, such as configs/paper.yaml or configs/tiny.yaml; required except with "
      "--resume");
  cli.add_option("--corpus", options.corpus,
                 "Prepared corpus (mi_prepare); required except with --resume");
  cli.add_option("--run", options.run, "New folder for this run; required except with --resume");
  cli.add_option("--resume", arguments.resume,
                 "Resume the run in this folder; no other option is needed. --set can raise the "
                 "number of steps");
  cli.add_option("--init-from", options.init_from,
                 "Start from the weights of this run or model (fine-tuning)");
  cli.add_option("--freeze", arguments.freeze,
                 "vqvae (plus: synthesiser): with --init-from, keep the first stage and train "
                 "only the second");
  cli.add_option("--stage", arguments.stage,
                 "Stages to train: all, vqvae or prior (plus: all or synthesiser; baselines have "
                 "one stage)")
      ->default_str(arguments.stage);
  cli.add_flag(
      "--quick", arguments.quick,
      "A run of a minute or two to check that everything works; the model learns next to nothing");
  cli.add_option("--set", arguments.overrides,
                 "Change a key of the configuration: --set vqvae.channels=256 (repeatable)")
      ->allow_extra_args(false);
  cli.add_option("--nproc", arguments.nproc,
                 "Train with this many processes on this machine, which share each batch (0: one, "
                 "or as torchrun or srun started them)")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  cli.add_option("--max-restarts", arguments.restarts,
                 "With --nproc: if a process fails or is killed, restart all from the last "
                 "checkpoint, at most this many times")
      ->capture_default_str()
      ->check(CLI::Range(0, 1000000));
  cli.add_option("--rank-timeout", arguments.rank_timeout_s,
                 "Seconds after which a process that does not answer counts as lost")
      ->capture_default_str()
      ->check(CLI::Range(1.0, 86400.0));
  cli.add_flag("--explain", arguments.explain,
               "Print each setting with its origin, and the parameter counts, and exit");

  return app::leave(app::run(cli, program, common, argc, argv, [&] {
    if (arguments.resume.empty()) {
      if (arguments.config_file.empty()) {
        throw InputError(
            "expected a configuration, such as configs/tiny.yaml, or --resume RUN, got "
            "neither; see mi_train --help");
      }
      options.config = config::load_train_config(arguments.config_file, overrides_of(arguments));
      if (!arguments.explain) start_new(arguments, compute, options);
    } else {
      go_on(arguments, compute, options);
    }
    if (arguments.explain) {
      std::cout << config::explain(options.config) << '\n'
                << models::parameter_table(models::expected_parameter_counts(options.config));
      return 0;
    }
    if (arguments.restarts > 0 && arguments.nproc < 2) {
      throw InputError(
          "--max-restarts: expected --nproc with at least 2 processes beside it, because a single "
          "process is not started again; leave it out");
    }
    options.stage = training::parse_stage(arguments.stage);
    options.argv.assign(argv, argv + argc);
    // Restarted after a lost rank or by Slurm: the command is the same, but the run is not new.
    if (training::was_restarted() && std::filesystem::exists(options.run / "run.json")) {
      options.resume = true;
    }
    const std::optional<training::RankPlace> place = training::find_rank_place();
    if (!place && arguments.nproc > 1) {
      return app::launch_ranks(
          options.argv,
          {.ranks = arguments.nproc,
           .restarts = arguments.restarts,
           .go_on = text("; continue with: mi_train --nproc ", arguments.nproc, " --resume ",
                         quoted(options.run), stage_option(options.stage))});
    }
    if (!place || place->rank == 0) {
      for (const std::string& sentence : config::advice(options.config)) log::warning(sentence);
    }
    try {
      if (!place) {
        training::train(options);
      } else if (const int code = train_as_rank(*place, arguments, options); code != 0) {
        return code;
      }
    } catch (const Interrupted& stopped) {
      const bool begun = std::filesystem::exists(options.run / "config.yaml");
      throw Interrupted(
          text(stopped.what(), begun ? text("; continue with: mi_train --resume ",
                                            quoted(options.run), stage_option(options.stage))
                                     : std::string("; start it again")),
          stopped.signal());
    }
    log::info("next: " + next_command(options));
    return 0;
  }));
}
