#include "comparison/run_shelf.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <optional>

#include "minet/config/config.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/log.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"
#include "minet/models/model.hpp"
#include "minet/models/safetensors.hpp"
#include "minet/training/train.hpp"
#include "training/run_json.hpp"

namespace minet::comparison {
namespace {

namespace fs = std::filesystem;
using config::ModelKind;
using config::TrainConfig;
using training::Stage;

constexpr const char* kCheckpoint = "checkpoint.safetensors";
constexpr const char* kModel = "model.safetensors";

// Relatives of configs/tiny.yaml are named like configs/ablations/tiny-no_mbr.yaml, those of
// paper.yaml have no prefix.
fs::path relative_of(const fs::path& config, const char* folder, const char* name) {
  const std::string stem = config.stem().string();
  const std::string prefix = stem == "paper" ? "" : stem + "-";
  return config.parent_path() / folder / (prefix + name + ".yaml");
}

// Properties of each kind of run, in the order of RunKind.
struct RunForm {
  const char* key;
  const char* title;
  ModelKind model = ModelKind::minet;
  Stage train = Stage::prior;  // the stage requested from mi_train
  Stage last = train;          // the stage that it is measured after
  bool notes = false;          // trained with notes
  bool shares_vqvae = false;   // with all others that do
  bool if_given = false;       // only if the options name its configuration
  const char* folder = "";     // of its configuration, relative to the given one
  const char* file = "";       // its name there; empty: the given one itself
  std::optional<fs::path> TablesOptions::*given = nullptr;
};
constexpr std::array<RunForm, kRunKinds.size()> kForms{{
    {.key = "minet",
     .title = "MI Net",
     .shares_vqvae = true,
     .file = "unconditional",
     .given = &TablesOptions::unconditional},
    {.key = "content", .title = "Content cond. MI Net", .notes = true, .shares_vqvae = true},
    {.key = "no_mbr",
     .title = "MI Net without MBR blocks",
     .train = Stage::vqvae,
     .folder = "ablations",
     .file = "no_mbr",
     .given = &TablesOptions::no_mbr},
    {.key = "gru_seq2seq",
     .title = "GRU-Seq2Seq",
     .notes = true,
     .shares_vqvae = true,
     .folder = "ablations",
     .file = "gru_seq2seq",
     .given = &TablesOptions::gru_seq2seq},
    {.key = "seq2seq",
     .title = "Seq2Seq",
     .model = ModelKind::seq2seq,
     .train = Stage::baseline,
     .folder = "baselines",
     .file = "seq2seq",
     .given = &TablesOptions::seq2seq},
    {.key = "graph_transformer",
     .title = "Graph-Transformer",
     .model = ModelKind::graph_transformer,
     .train = Stage::baseline,
     .folder = "baselines",
     .file = "graph_transformer",
     .given = &TablesOptions::graph_transformer},
    {.key = "plus",
     .title = "plus (ours)",
     .model = ModelKind::plus,
     .train = Stage::all,
     .last = Stage::controls,
     .if_given = true,
     .given = &TablesOptions::plus},
}};

const RunForm& form_of(RunKind kind) {
  return kForms[static_cast<std::size_t>(kind)];
}

fs::path config_path(const TablesOptions& options, RunKind kind) {
  const RunForm& form = form_of(kind);
  if (form.given == nullptr) return options.config;
  return (options.*form.given).value_or(relative_of(options.config, form.folder, form.file));
}

// Why a configuration does not suit a kind of run; empty if it does.
std::string misfit(RunKind kind, const TrainConfig& config, const TrainConfig& minet) {
  const RunForm& form = form_of(kind);
  if (config.model.kind != form.model) {
    return text("expected model.kind: ", config::to_string(form.model), ", got ",
                config::to_string(config.model.kind));
  }
  if (config.spectrogram != minet.spectrogram ||
      config.data.clip_seconds != minet.data.clip_seconds) {
    return "expected the spectrogram and the clip length of MI Net's configuration, got different "
           "ones";
  }
  if (form.shares_vqvae && config.content.enabled != form.notes) {
    return text("expected content.enabled: ", form.notes ? "true, got false" : "false, got true");
  }
  const auto prior =
      kind == RunKind::gru_seq2seq ? config::PriorKind::gru : config::PriorKind::transformer;
  if (form.shares_vqvae && config.prior.kind != prior) {
    return text("expected prior.kind: ", config::to_string(prior), ", got ",
                config::to_string(config.prior.kind));
  }
  if (form.shares_vqvae &&
      (config.vqvae != minet.vqvae || config.vqvae_training != minet.vqvae_training)) {
    return "expected the vqvae and vqvae_training of MI Net's configuration, whose VQ-VAE it "
           "shares, got different ones";
  }
  return {};
}

// Copies a run folder whose VQ-VAE is trained and whose prior has not begun.
void copy_run(const fs::path& from, const fs::path& to) {
  FolderWriter folder(to);
  for (const char* name : {"config.yaml", "run.json", kCheckpoint, kModel, "metrics.jsonl"}) {
    fs::copy_file(from / name, folder.path() / name);
  }
  folder.commit();
}

bool is_asked_for(RunKind kind, const TablesOptions& options) {
  const RunForm& form = form_of(kind);
  return !form.if_given || (options.*form.given).has_value();
}

// Settings that make two configurations train different networks; `found` is a run's own, `stage`
// the one that counts.
std::vector<std::string> changes(const TrainConfig& expected, TrainConfig found, Stage stage) {
  training::adopt_unread_settings(found, expected, stage);
  return config::differences(found, expected);
}

// Sampling settings given with --set that differ from a run's own.
std::vector<std::string> other_sampling(TrainConfig expected, const fs::path& run,
                                        const std::vector<std::string>& overrides) {
  TrainConfig found = expected;
  found.generation = models::generation_of(run);
  std::vector<std::string> other = config::differences(found, expected);
  std::erase_if(other, [&](const std::string& difference) {
    const std::string key = difference.substr(0, difference.find(':'));
    return std::ranges::none_of(overrides, [&](const std::string& argument) {
      const std::string given(trim(argument.substr(0, argument.find('='))));
      return key == given || key.starts_with(given + ".");
    });
  });
  return other;
}

std::string entry(const models::TensorHeader& header, const std::string& key) {
  const auto found = header.metadata.find(key);
  return found == header.metadata.end() ? std::string() : found->second;
}

std::string corpus_of_run(const fs::path& folder, const models::TensorHeader& header) {
  const std::string own = entry(header, "corpus_hash");  // present in checkpoints
  if (!own.empty()) return own;
  const auto json = training::read_run_json(folder);
  const bool known = json.contains("corpus_hash") && json["corpus_hash"].is_string();
  return known ? json["corpus_hash"].get<std::string>() : std::string();
}

// The checkpoint, if there is one.
fs::path newest_file(const fs::path& run) {
  return run / (fs::exists(run / kCheckpoint) ? kCheckpoint : kModel);
}

bool is_finished(const models::TensorHeader& header, Stage last, const TrainConfig& config) {
  const std::string stage = entry(header, "stage");
  if (stage.empty()) {  // model.safetensors alone
    if (last == Stage::baseline) return true;
    return entry(header, last == Stage::vqvae ? "codebook_started" : "prior_trained") == "true";
  }
  const std::int64_t step = parse_integer(entry(header, "step")).value_or(0);
  const auto next = training::stage_after(last);
  if (next && stage == to_string(*next)) return true;
  return stage == to_string(last) && step >= training::settings_of(config, last).steps;
}

}  // namespace

std::string key_of(RunKind kind) {
  return form_of(kind).key;
}

std::string title_of(RunKind kind) {
  return form_of(kind).title;
}

bool needs_notes(RunKind kind) {
  return form_of(kind).notes;
}

RunShelf::RunShelf(const TablesOptions& options, const ShelfCorpus& corpus)
    : options_(options), corpus_(corpus) {
  for (const RunKind kind : kRunKinds) {
    const bool trainable = corpus.notes || !needs_notes(kind);
    if (trainable && is_asked_for(kind, options)) kinds_.push_back(kind);
  }
  std::vector<std::string> problems;
  read_configs(problems);
  if (problems.empty()) check_runs(problems);
  if (problems.size() == 1) throw InputError(problems.front());
  if (problems.size() > 1) {
    throw InputError(text(counted(problems.size(), "problem"), ":\n  ", join(problems, "\n  ")));
  }
}

void RunShelf::read_configs(std::vector<std::string>& problems) {
  for (const RunKind kind : kinds_) {
    const fs::path path = config_path(options_, kind);
    auto& config = configs_[static_cast<std::size_t>(kind)];
    try {
      config = config::load_train_config(path, options_.overrides);
    } catch (const InputError& error) {
      problems.push_back(text("for ", title_of(kind), ": ", error.what()));
      continue;
    }
    const std::string what = misfit(kind, config, configs_[0]);
    if (!what.empty()) problems.push_back(text(path.string(), " for ", title_of(kind), ": ", what));
  }
}

void RunShelf::check_runs(std::vector<std::string>& problems) const {
  for (const std::uint64_t seed : options_.seeds) {
    for (const RunKind kind : kinds_) {
      try {
        const State state = state_of(kind, seed);
        if (!options_.train && state != State::finished) {
          problems.push_back(text(folder(kind, seed).string(), ": expected a finished run of ",
                                  title_of(kind), ", got ",
                                  state == State::absent ? "none" : "an unfinished one",
                                  "; put it there, or leave out the option 'no_training'"));
        }
      } catch (const InputError& error) {
        problems.emplace_back(error.what());
      }
    }
  }
}

RunShelf::State RunShelf::state_of(RunKind kind, std::uint64_t seed) const {
  const fs::path run = folder(kind, seed);
  if (!fs::exists(run)) return State::absent;
  const bool has_checkpoint = fs::exists(run / kCheckpoint);
  if (!has_checkpoint && !fs::exists(run / kModel)) return State::begun;
  const fs::path file = newest_file(run);
  const models::TensorHeader header = models::read_safetensors_header(file);
  TrainConfig expected = config(kind);
  expected.run.seed = seed;
  // A copy of the shared VQ-VAE may be configured for any prior until its own begins.
  const Stage last = form_of(kind).last;
  const bool first_stage = has_checkpoint && entry(header, "stage") == "vqvae";
  std::vector<std::string> other =
      changes(expected, config::parse_train_config(entry(header, "config"), file.string()),
              first_stage ? Stage::vqvae : last);
  const std::string hash = corpus_of_run(run, header);
  const bool same = hash == corpus_.hash ||
                    (!hash.empty() && std::ranges::count(options_.same_corpora, hash) > 0);
  if (!same) {
    other.push_back(text("corpus ", hash.empty() ? "unknown" : hash, ", not ", corpus_.hash));
  }
  if (!other.empty()) {
    throw InputError(text(run.string(), ": expected a run of ", title_of(kind),
                          " with this command's configuration and corpus, got ", join(other, "; "),
                          "; give the same settings, or move the folder away"));
  }
  if (is_finished(header, last, expected)) {
    check_sampling(kind, run);
    return State::finished;
  }
  if (!has_checkpoint) {
    throw InputError(text(run.string(),
                          ": expected a trained model or a checkpoint to resume from, got a model "
                          "whose training is not finished"));
  }
  return State::begun;
}

// A finished run is sampled as the config.yaml beside its weights says.
void RunShelf::check_sampling(RunKind kind, const fs::path& run) const {
  const bool samples = !config(kind).is_baseline() && form_of(kind).last != Stage::vqvae;
  if (!samples || !fs::exists(run / kModel)) return;
  const std::vector<std::string> other = other_sampling(config(kind), run, options_.overrides);
  if (other.empty()) return;
  throw InputError(text(run.string(), ": expected a run of ", title_of(kind),
                        " that samples as given, got one with ", join(other, "; "),
                        "; change its config.yaml, or leave that out of the option 'set'"));
}

fs::path RunShelf::folder(RunKind kind, std::uint64_t seed) const {
  return options_.out / "runs" / text(key_of(kind), "-seed", seed);
}

const config::StageConfig& RunShelf::budget(RunKind kind) const {
  return training::settings_of(config(kind), form_of(kind).last);
}

std::string RunShelf::corpus_of(RunKind kind, std::uint64_t seed) const {
  const fs::path run = folder(kind, seed);
  return corpus_of_run(run, models::read_safetensors_header(newest_file(run)));
}

fs::path RunShelf::shared_vqvae(std::uint64_t seed) const {
  return options_.out / "runs" / text("vqvae-seed", seed);
}

// For runs that share a VQ-VAE and do not exist yet: each starts from a copy.
void RunShelf::train_vqvae(std::uint64_t seed) const {
  std::vector<RunKind> absent;
  bool others = false;
  for (const RunKind kind : kinds_) {
    if (!form_of(kind).shares_vqvae) continue;
    const bool there = fs::exists(folder(kind, seed));
    others = others || there;
    if (!there) absent.push_back(kind);
  }
  if (absent.empty()) return;
  const fs::path run = shared_vqvae(seed);
  if (others && !fs::exists(run)) {
    throw InputError(text(run.string(),
                          ": expected the VQ-VAE that the runs beside it share, from "
                          "which ",
                          title_of(absent.front()),
                          " would start, got none; put the run there as "
                          "it was after its first stage, or ",
                          folder(absent.front(), seed).string()));
  }
  log::info(text("VQ-VAE, seed ", seed, ": ", run.string()));
  training::TrainOptions options;
  options.config = config(RunKind::minet);
  options.config.run.seed = seed;
  options.corpus = options_.corpus;
  options.run = run;
  options.stage = Stage::vqvae;
  options.resume = fs::exists(run);
  options.device = options_.device;
  options.threads = options_.threads;
  options.argv = options_.argv;
  training::train(options);
  for (const RunKind kind : absent) copy_run(run, folder(kind, seed));
}

void RunShelf::train(RunKind kind, std::uint64_t seed) const {
  const fs::path run = folder(kind, seed);
  if (state_of(kind, seed) == State::finished) {
    log::info(text(title_of(kind), ", seed ", seed, ": using the finished run ", run.string()));
    return;
  }
  log::info(text(title_of(kind), ", seed ", seed, ": ", run.string()));
  training::TrainOptions options;
  options.config = config(kind);
  options.config.run.seed = seed;
  options.corpus = options_.corpus;
  options.run = run;
  options.stage = form_of(kind).train;
  options.resume = fs::exists(run);
  options.device = options_.device;
  options.threads = options_.threads;
  options.argv = options_.argv;
  training::train(options);
}

// Nats per code cannot be compared between different codes.
void RunShelf::check_shared_vqvae(std::uint64_t seed) const {
  const auto vqvae_of = [&](RunKind kind) {
    std::map<std::string, at::Tensor> tensors =
        models::read_safetensors(folder(kind, seed) / kModel).tensors;
    std::erase_if(tensors, [](const auto& item) { return !item.first.starts_with("vqvae."); });
    return tensors;
  };
  const auto ours = vqvae_of(RunKind::minet);
  for (const RunKind kind : kinds_) {
    if (kind == RunKind::minet || !form_of(kind).shares_vqvae) continue;
    const auto theirs = vqvae_of(kind);
    const bool same = std::equal(
        ours.begin(), ours.end(), theirs.begin(), theirs.end(), [](const auto& a, const auto& b) {
          return a.first == b.first && a.second.scalar_type() == b.second.scalar_type() &&
                 a.second.equal(b.second);
        });
    if (!same) {
      throw InputError(
          text(folder(kind, seed).string(), ": expected the VQ-VAE of ",
               folder(RunKind::minet, seed).string(),
               ", got a different one; train both from copies of one run after its first stage"));
    }
  }
}

void RunShelf::train_all() const {
  fs::create_directories(options_.out / "runs");
  for (const std::uint64_t seed : options_.seeds) {
    train_vqvae(seed);
    for (const RunKind kind : kinds_) train(kind, seed);
    check_shared_vqvae(seed);
  }
}

}  // namespace minet::comparison
