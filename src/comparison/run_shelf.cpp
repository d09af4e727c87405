#include "comparison/run_shelf.hpp"

#include <optional>
#include <vector>

#include "minet/config/config.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/log.hpp"
#include "minet/core/text.hpp"
#include "minet/training/train.hpp"

namespace minet::comparison {
namespace {

namespace fs = std::filesystem;
using config::ModelKind;
using training::Stage;

// configs/tiny.yaml has its relatives as configs/ablations/tiny-no_mbr.yaml, paper.yaml without a
// prefix.
fs::path relative_of(const fs::path& config, const char* folder, const char* name) {
  const std::string stem = config.stem().string();
  const std::string prefix = stem == "paper" ? "" : stem + "-";
  return config.parent_path() / folder / (prefix + name + ".yaml");
}

// What is known of each run, in the order of RunKind.
struct RunForm {
  const char* key;
  const char* title;
  ModelKind model;
  const char* folder;  // of its configuration, beside MI Net's; empty: that one itself
  std::optional<fs::path> TablesOptions::*given;
};
constexpr std::array<RunForm, kRunKinds.size()> kForms{
    {{"minet", "MI Net", ModelKind::minet, "", nullptr},
     {"no_mbr", "MI Net without MBR blocks", ModelKind::minet, "ablations", &TablesOptions::no_mbr},
     {"gru_seq2seq", "GRU-Seq2Seq", ModelKind::minet, "ablations", &TablesOptions::gru_seq2seq},
     {"seq2seq", "GRU Seq2Seq", ModelKind::seq2seq, "baselines", &TablesOptions::seq2seq},
     {"graph_transformer", "Graph-Transformer", ModelKind::graph_transformer, "baselines",
      &TablesOptions::graph_transformer}}};

const RunForm& form_of(RunKind kind) {
  return kForms[static_cast<std::size_t>(kind)];
}

fs::path config_path(const TablesOptions& options, RunKind kind) {
  const RunForm& form = form_of(kind);
  if (form.given == nullptr) return options.config;
  return (options.*form.given).value_or(relative_of(options.config, form.folder, form.key));
}

// What of a configuration does not fit its place; empty if nothing.
std::string misfit(RunKind kind, const config::TrainConfig& config,
                   const config::TrainConfig& minet) {
  if (config.model.kind != form_of(kind).model) {
    return text("expected model.kind: ", config::to_string(form_of(kind).model), ", got ",
                config::to_string(config.model.kind));
  }
  if (config.spectrogram != minet.spectrogram ||
      config.data.clip_seconds != minet.data.clip_seconds) {
    return "expected the spectrogram and the clip length of MI Net's configuration, got others";
  }
  if ((kind == RunKind::minet || kind == RunKind::gru_seq2seq) && !config.content.enabled) {
    return "expected content.enabled: true, got false, which leaves no comparison with notes";
  }
  if (kind == RunKind::gru_seq2seq && config.prior.kind != config::PriorKind::gru) {
    return "expected prior.kind: gru, got transformer";
  }
  if (kind == RunKind::gru_seq2seq &&
      (config.vqvae != minet.vqvae || config.vqvae_training != minet.vqvae_training)) {
    return "expected the vqvae and vqvae_training of MI Net's configuration, whose VQ-VAE it "
           "shares, got others";
  }
  return {};
}

// A run folder whose VQ-VAE is trained and whose prior has not begun, under another name.
void copy_run(const fs::path& from, const fs::path& to) {
  FolderWriter folder(to);
  for (const char* name : {"config.yaml", "run.json", "checkpoint.safetensors", "model.safetensors",
                           "metrics.jsonl"}) {
    fs::copy_file(from / name, folder.path() / name);
  }
  folder.commit();
}

}  // namespace

std::string key_of(RunKind kind) {
  return form_of(kind).key;
}

std::string title_of(RunKind kind) {
  return form_of(kind).title;
}

RunShelf::RunShelf(const TablesOptions& options) : options_(options) {
  std::string problems;
  int count = 0;
  const auto complain = [&](const std::string& problem) {
    problems += (problems.empty() ? "" : "\n  ") + problem;
    ++count;
  };
  for (const RunKind kind : kRunKinds) {
    const fs::path path = config_path(options, kind);
    auto& config = configs_[static_cast<std::size_t>(kind)];
    try {
      config = config::load_train_config(path, options.overrides);
    } catch (const InputError& error) {
      complain(text("for ", title_of(kind), ": ", error.what()));
      continue;
    }
    const std::string what = misfit(kind, config, configs_[0]);
    if (!what.empty()) complain(text(path.string(), " for ", title_of(kind), ": ", what));
  }
  if (count == 1) throw InputError(problems);
  if (count > 1) throw InputError(text(count, " problems:\n  ", problems));
}

fs::path RunShelf::folder(RunKind kind, std::uint64_t seed) const {
  return options_.out / "runs" / text(key_of(kind), "-seed", seed);
}

void RunShelf::train(RunKind kind, std::uint64_t seed) const {
  training::TrainOptions options;
  options.config = config(kind);
  options.config.run.seed = seed;
  options.corpus = options_.corpus;
  options.run = folder(kind, seed);
  options.device = options_.device;
  options.threads = options_.threads;
  options.argv = options_.argv;
  const auto stage = [&](Stage value) {
    options.stage = value;
    options.resume = fs::exists(options.run);
    training::train(options);
  };
  log::info(text(title_of(kind), ", seed ", seed, ": ", options.run.string()));
  if (kind == RunKind::no_mbr) {
    stage(Stage::vqvae);  // its codes are compared, not its music
  } else if (kind == RunKind::minet) {
    // The VQ-VAE alone first: gru_seq2seq starts from a copy of it.
    stage(Stage::vqvae);
    const fs::path twin = folder(RunKind::gru_seq2seq, seed);
    if (!fs::exists(twin)) copy_run(options.run, twin);
    stage(Stage::prior);
  } else if (kind == RunKind::gru_seq2seq) {
    stage(Stage::prior);
  } else {
    stage(Stage::all);
  }
}

void RunShelf::train_all() const {
  fs::create_directories(options_.out / "runs");
  for (const std::uint64_t seed : options_.seeds) {
    for (const RunKind kind : kRunKinds) train(kind, seed);
  }
}

}  // namespace minet::comparison
