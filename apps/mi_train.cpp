// mi_train: trains a model on a prepared corpus, in two stages, or a baseline in one.
#include <iostream>

#include "minet/config/config.hpp"
#include "minet/models/model.hpp"
#include "minet/training/train.hpp"
#include "torch_main.hpp"

using namespace minet;

int main(int argc, char** argv) {
  const app::Program program{
      .name = "mi_train",
      .summary =
          "Trains a model: the VQ-VAE, then the codes of each track, then body encoder and prior.",
      .example = "mi_train configs/tiny.yaml --corpus corpus --run runs/first",
      .read_error = app::read_torch_error};
  app::CommonOptions common;
  app::ComputeOptions compute;
  CLI::App cli;
  app::set_up(cli, program, common);
  app::add_compute_options(cli, compute);

  std::string config_file, stage = "all";
  std::vector<std::string> overrides;
  bool explain = false;
  training::TrainOptions options;
  cli.add_option("config", config_file,
                 "Configuration, such as configs/paper.yaml or configs/tiny.yaml")
      ->required();
  cli.add_option("--corpus", options.corpus, "Prepared corpus (mi_prepare)");
  cli.add_option("--run", options.run, "Folder of this run; a new one unless --resume");
  cli.add_option("--stage", stage, "all, vqvae or prior; a baseline has one stage")
      ->default_str(stage);
  cli.add_flag("--resume", options.resume, "Go on from the run's last checkpoint");
  cli.add_option("--set", overrides,
                 "Change a key of the configuration: --set vqvae.channels=256 (repeatable)")
      ->allow_extra_args(false);
  cli.add_flag("--explain", explain,
               "Print each setting with its origin and the parameter count, and stop");

  return app::leave(app::run(cli, program, common, argc, argv, [&] {
    options.config = config::load_train_config(config_file, overrides);
    if (explain) {
      std::cout << config::explain(options.config) << '\n'
                << models::parameter_table(models::expected_parameter_counts(options.config));
      return 0;
    }
    if (options.corpus.empty())
      throw InputError("--corpus: expected a prepared corpus, got none; see mi_train --help");
    if (options.run.empty())
      throw InputError("--run: expected a folder for this run, got none; see mi_train --help");
    for (const std::string& sentence : config::advice(options.config)) log::warning(sentence);
    options.stage = training::parse_stage(stage);
    options.device = compute.device;
    options.threads = compute.threads;
    options.argv.assign(argv, argv + argc);
    training::train(options);
    return 0;
  }));
}
