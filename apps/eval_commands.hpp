// Shared by the subcommands of mi_eval: one for each metric, with only its own options.
//
// To add one: declare a function below, define it in an eval_*.cpp with add_metric, and call it in
// mi_eval.cpp.
#pragma once

#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "minet/core/files.hpp"
#include "minet/core/shard.hpp"
#include "minet/evaluation/evaluation.hpp"
#include "torch_main.hpp"

namespace minet::app {

// What mi_eval merge passes to the command that made the shards.
struct EvalMerge {
  std::filesystem::path out;  // the --out or --json of the shards
  bool force = false;
  CommonOptions common;
};

struct EvalSession {
  CommonOptions common;
  std::function<int()> chosen;         // the subcommand that the arguments named
  std::vector<std::string> arguments;  // without the program's name
  std::optional<EvalMerge> merge = {};
};

struct Description {
  const char* name;
  const char* summary;
  const char* example;
  const char* explanation = "";  // above the example; ends with an empty line
};

CLI::App* add_command(CLI::App& app, const Description& description);

// --model (one or more, into `models`), --corpus, --split, --clips, --seed, --device, --threads.
void add_shared_options(CLI::App& command, evaluation::EvalOptions& options,
                        std::vector<std::filesystem::path>& models);

struct JsonOutput {
  std::optional<std::filesystem::path> path;
  bool force = false;
};
void add_json_options(CLI::App& command, JsonOutput& output);

// Prints the results as a table on standard output and writes JSON if requested. With --json,
// --quiet suppresses the table; without it the table is the only output, so it is always printed.
int deliver(const EvalSession& session, const JsonOutput& output,
            const std::function<evaluation::EvalResult()>& evaluate);

// The same for one model or for several, with results side by side and {"models": [...]}.
using Evaluate = std::function<evaluation::EvalResult(const std::filesystem::path& model)>;
int deliver_models(const EvalSession& session, const JsonOutput& output,
                   const std::vector<std::filesystem::path>& models, const Evaluate& evaluate);

// InputError if `option` names a folder, into which several models would write the same files.
void check_folder(const std::string& option, const std::optional<std::filesystem::path>& folder,
                  const std::vector<std::filesystem::path>& models);

// --shard; `place` describes where the shards are.
void add_shard_option(CLI::App& command, Shard& shard, const std::string& place);
// This run's shard, or the merge that mi_eval merge requests.
Shard chosen_shard(const EvalSession& session, const Shard& given);
// `given`, or the place of the shards that mi_eval merge was given.
std::filesystem::path out_of(const EvalSession& session, const std::filesystem::path& given);
// Merges the shards: the result as from deliver(). A file that already holds it is kept.
int deliver_merged(const EvalSession& session, JsonOutput output,
                   const std::function<evaluation::EvalResult()>& merge);

// How a metric is measured in shards, stored as FILE.shards/I-of-N/<metric>.json.
template <class Options>
struct InShards {
  bool (*measure)(const Options&, const Shard&, const std::filesystem::path& file,
                  bool replace) = nullptr;
  evaluation::EvalResult (*merge)(const Options&,
                                  const std::vector<std::filesystem::path>& files) = nullptr;
};
using MeasureShard = std::function<bool(const std::filesystem::path& file, bool replace)>;
using MergeShards =
    std::function<evaluation::EvalResult(const std::vector<std::filesystem::path>& files)>;
int deliver_in_shards(const EvalSession& session, const JsonOutput& output, const Shard& shard,
                      const std::string& metric, const MeasureShard& measure,
                      const MergeShards& merge);
// InputError unless a shard has one model and a file for the result.
void check_shard(const JsonOutput& output, const std::vector<std::filesystem::path>& models);

// A metric with the shared options, --json and --force, and what `add_own` adds.
template <class Options, class AddOwn>
void add_metric(CLI::App& app, EvalSession& session, const Description& description,
                evaluation::EvalResult (*evaluate)(const Options&), const AddOwn& add_own,
                const InShards<Options>& shards = {}) {
  struct Arguments {
    Options options;
    std::vector<std::filesystem::path> models;
    JsonOutput output;
    Shard shard;
  };
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command = add_command(app, description);
  add_shared_options(*command, arguments->options.common, arguments->models);
  add_own(*command, arguments->options);
  add_json_options(*command, arguments->output);
  if (shards.measure != nullptr) {
    add_shard_option(*command, arguments->shard, "FILE.shards (--json FILE)");
  }
  const std::string metric = description.name;
  command->callback([&session, arguments, evaluate, shards, metric] {
    session.chosen = [&session, arguments, evaluate, shards, metric] {
      if constexpr (requires { arguments->options.force; }) {
        arguments->options.force = arguments->output.force;
      }
      if constexpr (requires { arguments->options.out; }) {
        check_folder("--out", arguments->options.out, arguments->models);
      }
      if constexpr (requires { arguments->options.sound; }) {
        check_folder("--sound", arguments->options.sound, arguments->models);
      }
      const Shard shard = chosen_shard(session, arguments->shard);
      if (shard.merge || shard.count > 0) {
        check_shard(arguments->output, arguments->models);
        arguments->options.common.model = arguments->models.front();
        return deliver_in_shards(
            session, arguments->output, shard, metric,
            [&](const std::filesystem::path& file, bool replace) {
              return shards.measure(arguments->options, shard, file, replace);
            },
            [&](const std::vector<std::filesystem::path>& files) {
              return shards.merge(arguments->options, files);
            });
      }
      return deliver_models(session, arguments->output, arguments->models,
                            [&](const std::filesystem::path& model) {
                              arguments->options.common.model = model;
                              return evaluate(arguments->options);
                            });
    };
  });
}

// eval_codes.cpp: what the codes preserve and how well they are predicted.
void add_reconstruction(CLI::App& app, EvalSession& session);
void add_codebook(CLI::App& app, EvalSession& session);
void add_nll(CLI::App& app, EvalSession& session);

// eval_tables.cpp: all of them for the paper's comparison.
void add_tables(CLI::App& app, EvalSession& session);

// eval_merge.cpp: the result of a command that ran in shards. `again` runs mi_eval itself.
using RunAgain = std::function<int(std::vector<std::string> arguments, const EvalMerge& merge)>;
void add_merge(CLI::App& app, EvalSession& session, const RunAgain& again);

// eval_listening.cpp: a test with people; examples to hear.
void add_listening(CLI::App& app, EvalSession& session);
void add_examples(CLI::App& app, EvalSession& session);

// eval_distribution.cpp: generated sound against real, body vectors against instruments.
void add_ndb(CLI::App& app, EvalSession& session);
void add_knn(CLI::App& app, EvalSession& session);
void add_tsne(CLI::App& app, EvalSession& session);

// eval_sound.cpp: notes and instrument in the sound.
void add_notes(CLI::App& app, EvalSession& session);
void add_instrument(CLI::App& app, EvalSession& session);
void add_sampling(CLI::App& app, EvalSession& session);

}  // namespace minet::app
