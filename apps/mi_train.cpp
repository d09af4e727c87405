// mi_train: trains a model on a prepared corpus, in two stages, or a baseline in one.
#include <filesystem>
#include <iostream>

#include "minet/config/config.hpp"
#include "minet/models/model.hpp"
#include "minet/training/train.hpp"
#include "torch_main.hpp"

using namespace minet;

namespace {

struct Arguments {
  std::string config_file, stage = "all", resume, freeze;
  std::vector<std::string> overrides;
  bool explain = false, quick = false;
};

// Settings of --quick, before the user's own: every part is there and none has learnt much. The
// codebook starts within the first stage.
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

// A new run: everything is said by the arguments.
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

// An old run: its folder says everything; a corpus that was moved and a few settings may be given.
void go_on(const Arguments& arguments, const app::ComputeOptions& compute,
           training::TrainOptions& options) {
  if (!arguments.config_file.empty() || !options.run.empty() || !options.init_from.empty() ||
      !arguments.freeze.empty() || arguments.quick) {
    throw InputError(
        "--resume: expected the run's folder only, because it has the configuration, got more; "
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

// A word as a shell takes it.
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

std::string next_command(const training::TrainOptions& options) {
  const std::string run = quoted(options.run);
  if (options.config.is_baseline()) {
    return text("mi_eval ndb --model ", run, " --corpus ", quoted(options.corpus));
  }
  if (options.stage == training::Stage::vqvae || options.stage == training::Stage::synthesiser) {
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
                 "Resume the run in this folder; needs nothing else. More steps can be set with "
                 "--set");
  cli.add_option("--init-from", options.init_from,
                 "Start from the weights of this run or model (fine-tuning)");
  cli.add_option("--freeze", arguments.freeze,
                 "vqvae (plus: synthesiser): with --init-from, keep the first stage and train "
                 "only the second");
  cli.add_option("--stage", arguments.stage,
                 "Stages to train: all, vqvae or prior; baselines have one stage")
      ->default_str(arguments.stage);
  cli.add_flag(
      "--quick", arguments.quick,
      "A run of a minute or two, to check that everything fits; it learns next to nothing");
  cli.add_option("--set", arguments.overrides,
                 "Change a key of the configuration: --set vqvae.channels=256 (repeatable)")
      ->allow_extra_args(false);
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
    for (const std::string& sentence : config::advice(options.config)) log::warning(sentence);
    options.stage = training::parse_stage(arguments.stage);
    options.argv.assign(argv, argv + argc);
    try {
      training::train(options);
    } catch (const Interrupted& stopped) {
      const bool begun = std::filesystem::exists(options.run / "config.yaml");
      throw Interrupted(
          text(stopped.what(), begun ? "; continue with: mi_train --resume " + quoted(options.run)
                                     : std::string("; start it again")),
          stopped.signal());
    }
    log::info("next: " + next_command(options));
    return 0;
  }));
}
