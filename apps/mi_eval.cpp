// mi_eval: measures a trained model against a corpus, beside trivial baselines.
#include <iostream>

#include "minet/core/files.hpp"
#include "minet/evaluation/evaluate.hpp"
#include "torch_main.hpp"

using namespace minet;

int main(int argc, char** argv) {
  const app::Program program{
      .name = "mi_eval",
      .summary = "Measures a trained model on a corpus, with trivial baselines beside it.",
      .example = "mi_eval nll --model runs/first --corpus corpus --json nll.json",
      .read_error = app::read_torch_error};
  app::CommonOptions common;
  app::ComputeOptions compute;
  CLI::App cli;
  app::set_up(cli, program, common);
  app::add_compute_options(cli, compute);

  evaluation::EvalOptions options;
  std::string metric;
  std::optional<std::filesystem::path> json;
  cli.add_option("metric", metric, join(evaluation::metric_names(), " or "))
      ->required()
      ->type_name("METRIC");
  cli.add_option("--model", options.model, "Run folder, or folder with model.safetensors")
      ->required();
  cli.add_option("--corpus", options.corpus, "Prepared corpus (mi_prepare)")->required();
  cli.add_option("--split", options.split, "Which tracks to measure on")
      ->default_str(options.split);
  cli.add_option("--clips", options.clips, "Clips, spread evenly; 0: the whole split")
      ->default_str(text(options.clips));
  cli.add_option("--seed", options.seed, "Seed of the baselines")->default_str(text(options.seed));
  cli.add_option("--json", json, "Also write the figures as one JSON object");
  cli.add_option("--sound", options.sound,
                 "reconstruction: new folder for each clip as sound: real, inverted, "
                 "reconstruction");
  cli.add_option("--iterations", options.invert_iterations,
                 "Rounds of phase reconstruction, for --sound")
      ->default_str(text(options.invert_iterations))
      ->check(CLI::Range(1, 10000));
  cli.add_flag("--force", options.force, "Overwrite the outputs");

  return app::run(cli, program, common, argc, argv, [&] {
    options.metric = evaluation::parse_metric(metric);
    options.device = compute.device;
    options.threads = compute.threads;
    if (json) {
      refuse_overwrite(*json, options.force);
      const auto folder = json->has_parent_path() ? json->parent_path() : ".";
      if (!std::filesystem::is_directory(folder)) {
        throw InputError(text(folder.string(),
                              ": expected a folder for --json, but there is none; make it first"));
      }
    }
    const evaluation::EvalResult result = evaluation::evaluate(options);
    if (json) save_file(*json, result.json);
    if (!common.quiet) std::cout << result.report;
    return 0;
  });
}
