#include "minet/training/checkpoint.hpp"

#include <torch/torch.h>

#include <utility>

#include "minet/config/config.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/log.hpp"
#include "minet/core/text.hpp"
#include "minet/models/safetensors.hpp"

namespace minet::training {
namespace {

constexpr const char* kCounts = "vqvae.quantizer.counts";
constexpr const char* kSums = "vqvae.quantizer.sums";

std::string metadata_of(const models::TensorFile& file, const std::string& key) {
  const auto found = file.metadata.find(key);
  return found == file.metadata.end() ? std::string() : found->second;
}

// The newest file that verifies: a half-written or damaged one must not cost the run.
models::TensorFile read_newest(const RunFolder& run) {
  std::string problems;
  for (const auto& path : {run.checkpoint(), previous_path(run.checkpoint())}) {
    if (!std::filesystem::exists(path)) continue;
    try {
      models::TensorFile file = models::read_safetensors(path);
      if (!problems.empty())
        log::warning(text("skipped ", problems, "; going on from ", path.string()));
      return file;
    } catch (const InputError& error) {
      problems += (problems.empty() ? "" : "; ") + std::string(error.what());
    }
  }
  throw InputError(text(run.root().string(), ": expected a checkpoint that verifies, got none (",
                        problems, "); start a new run"));
}

void refuse_changes(const RunFolder& run, const models::TensorFile& file,
                    const config::TrainConfig& config, const RunEnvironment& environment) {
  const std::string saved_text = metadata_of(file, "config");
  config::TrainConfig saved = config::parse_train_config(saved_text, "checkpoint", {});
  saved.run = config.run;  // how often to log, save and evaluate may change; the seed may not
  saved.run.seed = config::parse_train_config(saved_text, "checkpoint", {}).run.seed;
  std::vector<std::string> changes = config::differences(config, saved);
  const std::string corpus_hash = metadata_of(file, "corpus_hash");
  if (corpus_hash != environment.corpus_hash) {
    changes.push_back(text("corpus ", environment.corpus_hash.substr(0, 12), ", not ",
                           corpus_hash.substr(0, 12)));
  }
  if (!changes.empty()) {
    throw InputError(text(run.root().string(),
                          ": expected the configuration and corpus of this run, got ",
                          join(changes, "; "), "; give the same, or choose another --run"));
  }
}

void warn_of_environment(const models::TensorFile& file, const RunEnvironment& environment) {
  const std::pair<const char*, std::string> facts[] = {{"threads", text(environment.threads)},
                                                       {"device", environment.device},
                                                       {"capability", environment.capability},
                                                       {"torch", environment.torch}};
  for (const auto& [key, now] : facts) {
    const std::string before = metadata_of(file, key);
    if (before != now) {
      log::warning(text(key, " is ", now, " and was ", before,
                        ": the run goes on, but not bit for bit as it would have"));
    }
  }
}

}  // namespace

void save_checkpoint(const RunFolder& run, const TrainState& state,
                     const RunEnvironment& environment) {
  models::TensorFile model = models::model_state(state.model);
  models::TensorFile all = model;
  all.tensors[kCounts] = state.model.vqvae->quantizer->counts;
  all.tensors[kSums] = state.model.vqvae->quantizer->sums;
  state.vqvae_step.optimiser().save_state(all.tensors, "optimizer.vqvae.");
  state.prior_step.optimiser().save_state(all.tensors, "optimizer.prior.");
  all.metadata["stage"] = to_string(state.stage);
  all.metadata["step"] = text(state.step);
  all.metadata["threads"] = text(environment.threads);
  all.metadata["device"] = environment.device;
  all.metadata["capability"] = environment.capability;
  all.metadata["torch"] = environment.torch;
  all.metadata["corpus_hash"] = environment.corpus_hash;
  models::save_safetensors(run.checkpoint(), all, {.keep_previous = true});
  models::save_safetensors(run.model(), model);
}

void load_checkpoint(const RunFolder& run, TrainState& state, const RunEnvironment& environment) {
  const models::TensorFile file = read_newest(run);
  const std::string where = run.checkpoint().string();
  refuse_changes(run, file, state.model.config, environment);
  warn_of_environment(file, environment);
  const auto step = parse_integer(metadata_of(file, "step"));
  if (!step || *step < 0) {
    throw InputError(where +
                     ": expected a training step in the metadata, got none; start a new run");
  }
  // The file's own configuration was just compared; the caller's run.* settings stay.
  const config::TrainConfig config = state.model.config;
  models::load_model_state(state.model, file, where);
  state.model.config = config;
  {
    at::NoGradGuard no_grad;
    for (const auto& [name, into] : {std::pair{kCounts, state.model.vqvae->quantizer->counts},
                                     std::pair{kSums, state.model.vqvae->quantizer->sums}}) {
      const auto found = file.tensors.find(name);
      if (found == file.tensors.end() || found->second.sizes() != into.sizes()) {
        throw InputError(text(where, ": expected the codebook's state '", name,
                              "', but it is missing or of another shape; start a new run"));
      }
      into.copy_(found->second);
    }
  }
  state.vqvae_step.optimiser().load_state(file.tensors, "optimizer.vqvae.");
  state.prior_step.optimiser().load_state(file.tensors, "optimizer.prior.");
  state.stage = parse_stage(metadata_of(file, "stage"));
  state.step = *step;
}

}  // namespace minet::training
