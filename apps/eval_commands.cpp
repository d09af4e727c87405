#include "eval_commands.hpp"

#include "minet/core/access.hpp"
#include "minet/core/message.hpp"

namespace minet::app {
namespace fs = std::filesystem;

CLI::App* add_command(CLI::App& app, const Description& description) {
  CLI::App* command = app.add_subcommand(description.name, description.summary);
  command->footer(text(description.explanation, "Example:\n  ", description.example));
  command->fallthrough();  // --quiet and --log-level work on either side of the name
  return command;
}

void add_shared_options(CLI::App& command, evaluation::EvalOptions& options,
                        std::vector<fs::path>& models) {
  command
      .add_option("--model", models,
                  "Run folder, or folder with model.safetensors; repeat it to compare models side "
                  "by side")
      ->required()
      ->allow_extra_args(false);
  command.add_option("--corpus", options.corpus, "Prepared corpus (mi_prepare)")->required();
  command.add_option("--split", options.split, "Split to measure on")->capture_default_str();
  command
      .add_option("--clips", options.clips, "Number of clips, spread evenly; 0: the whole split")
      ->capture_default_str();
  command.add_option("--seed", options.seed, "Random seed")
      ->check(whole_number())
      ->capture_default_str();
  add_compute_options(command, options.device, options.threads);
}

void add_sampling_options(CLI::App& command, generation::SamplingChoice& sampling) {
  command.add_option("--temperature", sampling.temperature,
                     "Sampling temperature; default of this and the next two: the model's "
                     "config.yaml");
  command.add_option("--top-k", sampling.top_k, "Draw from the K most likely symbols; 0: all");
  command.add_option("--top-p", sampling.top_p,
                     "Draw from the fewest symbols that together have this probability");
}

void add_json_options(CLI::App& command, JsonOutput& output) {
  command.add_option("--json", output.path,
                     "Also write the figures to this file as one JSON object");
  command.add_flag("--force", output.force, "Overwrite existing files");
}

int deliver(const EvalSession& session, const JsonOutput& output,
            const std::function<evaluation::EvalResult()>& evaluate) {
  if (output.path) {
    refuse_overwrite(*output.path, output.force);
    const fs::path folder = output.path->has_parent_path() ? output.path->parent_path() : ".";
    std::error_code ignored;
    if (!fs::is_directory(folder, ignored)) {
      throw InputError(text(folder.string(),
                            ": expected a folder for --json, but there is none; make it first"));
    }
    expect_writable(*output.path);
  }
  const evaluation::EvalResult result = evaluate();
  const bool printed = !session.common.quiet || !output.path;
  if (printed) std::cout << printable_lines(result.report) << std::flush;
  if (!output.path) return 0;
  try {
    save_file(*output.path, result.json, {.replace = output.force});
  } catch (const Error&) {  // after hours, perhaps
    if (!printed) std::cout << printable_lines(result.report) << std::flush;
    throw;
  }
  return 0;
}

int deliver_models(const EvalSession& session, const JsonOutput& output,
                   const std::vector<fs::path>& models, const Evaluate& evaluate) {
  return deliver(session, output, [&]() -> evaluation::EvalResult {
    if (models.size() == 1) return evaluate(models.front());
    std::vector<evaluation::EvalResult> results;
    for (const fs::path& model : models) results.push_back(evaluate(model));
    return evaluation::side_by_side(models, results);
  });
}

}  // namespace minet::app
