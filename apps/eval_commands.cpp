#include "eval_commands.hpp"

#include "minet/core/access.hpp"
#include "minet/core/message.hpp"

namespace minet::app {
namespace fs = std::filesystem;

CLI::App* add_command(CLI::App& app, const Description& description) {
  CLI::App* command = app.add_subcommand(description.name, description.summary);
  command->footer(text(description.explanation, "Example:\n  ", description.example));
  command->fallthrough();  // --quiet and --log-level work before and after the name
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

void add_json_options(CLI::App& command, JsonOutput& output) {
  command.add_option("--json", output.path,
                     "Also write the results to this file as one JSON object");
  command.add_flag("--force", output.force, "Overwrite existing files");
}

namespace {

void expect_folder_of(const fs::path& json) {
  const fs::path folder = json.has_parent_path() ? json.parent_path() : ".";
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) {
    throw InputError(
        text(folder.string(), ": expected a folder for --json, but there is none; make it first"));
  }
}

bool has_content(const fs::path& file, const std::string& content) {
  std::error_code error;
  return fs::is_regular_file(file, error) && fs::file_size(file, error) == content.size() &&
         read_file(file, content.size()) == content;
}

}  // namespace

int deliver(const EvalSession& session, const JsonOutput& output,
            const std::function<evaluation::EvalResult()>& evaluate) {
  if (output.path) {
    refuse_overwrite(*output.path, output.force);
    expect_folder_of(*output.path);
    expect_writable(*output.path);
  }
  const evaluation::EvalResult result = evaluate();
  const bool printed = !session.common.quiet || !output.path;
  if (printed) std::cout << printable_lines(result.report) << std::flush;
  if (!output.path) return 0;
  try {
    save_file(*output.path, result.json, {.replace = output.force});
  } catch (const Error&) {  // perhaps after hours of work
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

void check_folder(const std::string& option, const std::optional<fs::path>& folder,
                  const std::vector<fs::path>& models) {
  if (!folder || models.size() == 1) return;
  throw InputError(text(option, ": expected one model, whose files go into that folder, got ",
                        models.size(), "; measure each on its own, or leave the folder out"));
}

void add_shard_option(CLI::App& command, Shard& shard, const std::string& place) {
  command.add_option_function<std::string>(
      "--shard", [&shard](const std::string& word) { shard = parse_shard(word); },
      text("I/N: measure only part I of N and store it in ", place,
           "; mi_eval merge combines the parts"));
}

Shard chosen_shard(const EvalSession& session, const Shard& given) {
  return session.merge ? Shard{.merge = true} : given;
}

fs::path out_of(const EvalSession& session, const fs::path& given) {
  if (!session.merge || fs::weakly_canonical(given) == fs::weakly_canonical(session.merge->out)) {
    return given;
  }
  return session.merge->out;
}

int deliver_merged(const EvalSession& session, JsonOutput output,
                   const std::function<evaluation::EvalResult()>& merge) {
  if (session.merge) output.force = session.merge->force;
  const evaluation::EvalResult result = merge();
  if (output.path && has_content(*output.path, result.json)) output.path.reset();
  return deliver(session, output, [&] { return result; });
}

int deliver_in_shards(const EvalSession& session, const JsonOutput& output, const Shard& shard,
                      const std::string& metric, const MeasureShard& measure,
                      const MergeShards& merge) {
  const fs::path out = out_of(session, *output.path);
  const std::string name = metric + ".json";
  if (shard.merge) {
    return deliver_merged(session, {.path = out, .force = output.force}, [&] {
      std::vector<fs::path> files;
      for (const fs::path& folder : all_shards(out)) files.push_back(folder / name);
      return merge(files);
    });
  }
  expect_folder_of(out);
  const fs::path folder = shard_folder(out, shard);
  const bool made = measure(folder / name, output.force);
  if (made || !is_finished_shard(folder)) save_shard_command(folder, session.arguments);
  if (!session.common.quiet) {
    std::cout << printable_lines(text((folder / name).string(), made ? "" : ": unchanged", "\n"));
  }
  return 0;
}

void check_shard(const JsonOutput& output, const std::vector<fs::path>& models) {
  if (!output.path) {
    throw InputError(
        "shard: expected it with a file for the result, next to which the shards are stored, got "
        "none; add --json FILE");
  }
  if (models.size() != 1) {
    throw InputError(
        text("shard: expected one model, got ", models.size(), "; measure each on its own"));
  }
}

}  // namespace minet::app
