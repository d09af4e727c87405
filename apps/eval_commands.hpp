// What the subcommands of mi_eval share: one for each metric, with only the options that it has.
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
#include "minet/evaluation/evaluation.hpp"
#include "torch_main.hpp"

namespace minet::app {

struct EvalSession {
  CommonOptions common;
  std::function<int()> chosen;  // the subcommand that the arguments named
};

struct Description {
  const char* name;
  const char* summary;
  const char* example;
  const char* explanation = "";  // above the example; ends in an empty line
};

CLI::App* add_command(CLI::App& app, const Description& description);

// --model (one or more, into `models`), --corpus, --split, --clips, --seed, --device, --threads.
void add_shared_options(CLI::App& command, evaluation::EvalOptions& options,
                        std::vector<std::filesystem::path>& models);

// --temperature, --top-k, --top-p, for metrics that draw.
void add_sampling_options(CLI::App& command, generation::SamplingChoice& sampling);

struct JsonOutput {
  std::optional<std::filesystem::path> path;
  bool force = false;
};
void add_json_options(CLI::App& command, JsonOutput& output);

// The figures as a table on standard output, and as JSON where asked for. With --json, --quiet
// leaves the table out; without it the table is all there is, so it stays.
int deliver(const EvalSession& session, const JsonOutput& output,
            const std::function<evaluation::EvalResult()>& evaluate);

// The same of one model or of several: then their figures side by side, and {"models": [...]}.
using Evaluate = std::function<evaluation::EvalResult(const std::filesystem::path& model)>;
int deliver_models(const EvalSession& session, const JsonOutput& output,
                   const std::vector<std::filesystem::path>& models, const Evaluate& evaluate);

// A metric with the shared options, --json and --force, and what `add_own` adds.
template <class Options, class AddOwn>
void add_metric(CLI::App& app, EvalSession& session, const Description& description,
                evaluation::EvalResult (*evaluate)(const Options&), const AddOwn& add_own) {
  struct Arguments {
    Options options;
    std::vector<std::filesystem::path> models;
    JsonOutput output;
  };
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command = add_command(app, description);
  add_shared_options(*command, arguments->options.common, arguments->models);
  add_own(*command, arguments->options);
  add_json_options(*command, arguments->output);
  command->callback([&session, arguments, evaluate] {
    session.chosen = [&session, arguments, evaluate] {
      if constexpr (requires { arguments->options.force; }) {
        arguments->options.force = arguments->output.force;
      }
      return deliver_models(session, arguments->output, arguments->models,
                            [&](const std::filesystem::path& model) {
                              arguments->options.common.model = model;
                              return evaluate(arguments->options);
                            });
    };
  });
}

// eval_codes.cpp: what the codes keep and how well they are predicted.
void add_reconstruction(CLI::App& app, EvalSession& session);
void add_codebook(CLI::App& app, EvalSession& session);
void add_nll(CLI::App& app, EvalSession& session);

// eval_tables.cpp: all of them for the paper's comparison.
void add_tables(CLI::App& app, EvalSession& session);

// eval_listening.cpp: a test with people; examples to hear.
void add_listening(CLI::App& app, EvalSession& session);
void add_examples(CLI::App& app, EvalSession& session);

// eval_distribution.cpp: generated sound against real, body vectors against instruments.
void add_ndb(CLI::App& app, EvalSession& session);
void add_knn(CLI::App& app, EvalSession& session);
void add_tsne(CLI::App& app, EvalSession& session);

// eval_sound.cpp: what is heard.
void add_notes(CLI::App& app, EvalSession& session);
void add_instrument(CLI::App& app, EvalSession& session);
void add_sampling(CLI::App& app, EvalSession& session);

}  // namespace minet::app
