#include "minet/training/checkpoint.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <utility>

#include "minet/config/config.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/log.hpp"
#include "minet/core/text.hpp"
#include "minet/models/safetensors.hpp"
#include "training/stage_tensors.hpp"

namespace minet::training {
namespace {

constexpr const char* kOptimiser = "optimizer.";  // prefix of its tensors
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
        log::warning(text("skipped ", problems, "; continuing from ", path.string()));
      return file;
    } catch (const InputError& error) {
      problems += (problems.empty() ? "" : "; ") + std::string(error.what());
    }
  }
  throw InputError(text(run.root().string(), ": expected a checkpoint that verifies, got none (",
                        problems, "); start a new run"));
}

// Settings that the training has not read yet may change, so that several priors can be tried on
// one VQ-VAE, and the current stage may be given more steps.
void refuse_changes(const RunFolder& run, const models::TensorFile& file, Stage stage,
                    const config::TrainConfig& config, const RunEnvironment& environment) {
  config::TrainConfig saved = config::parse_train_config(metadata_of(file, "config"), "checkpoint");
  adopt_unread_settings(saved, config, stage);
  std::int64_t& steps = settings_of(saved, stage).steps;
  steps = std::max(steps, settings_of(config, stage).steps);
  std::vector<std::string> changes = config::differences(config, saved);
  const std::string corpus_hash = metadata_of(file, "corpus_hash");
  if (corpus_hash != environment.corpus_hash) {
    changes.push_back(text("corpus ", environment.corpus_hash.substr(0, 12), ", not ",
                           corpus_hash.substr(0, 12)));
  }
  if (!changes.empty()) {
    throw InputError(text(run.root().string(),
                          ": expected the configuration and corpus of this run, got ",
                          join(changes, "; "), "; give the same, or start a new run"));
  }
}

void warn_of_environment(const models::TensorFile& file, const RunEnvironment& environment) {
  const std::pair<const char*, std::string> facts[] = {{"threads", text(environment.threads)},
                                                       {"ranks", text(environment.ranks)},
                                                       {"device", environment.device},
                                                       {"capability", environment.capability},
                                                       {"torch", environment.torch}};
  for (const auto& [key, now] : facts) {
    const std::string before = metadata_of(file, key);
    if (before.empty() && std::string_view(key) == "ranks") continue;  // from before ranks existed
    if (before != now) {
      log::warning(text(key, " is ", now, " and was ", before,
                        ": the run continues, but not bit for bit as it would have"));
    }
  }
}

// Only the state of the current stage's optimiser is kept.
AdamW& optimiser_of(const TrainState& state) {
  return state.position.stage == Stage::vqvae ? state.vqvae_step.optimiser()
                                              : state.prior_step.optimiser();
}

AdamW& optimiser_of(const PlusState& state) {
  return state.position.stage == Stage::synthesiser ? state.synthesiser_step.optimiser()
                                                    : state.controls_step.optimiser();
}

// Adds what a checkpoint holds besides the model, and saves both files.
void save(const RunFolder& run, const models::TensorFile& model, models::TensorFile all,
          const Position& position, const RunEnvironment& environment) {
  all.metadata["stage"] = to_string(position.stage);
  all.metadata["step"] = text(position.step);
  all.metadata["threads"] = text(environment.threads);
  all.metadata["ranks"] = text(environment.ranks);
  all.metadata["device"] = environment.device;
  all.metadata["capability"] = environment.capability;
  all.metadata["torch"] = environment.torch;
  all.metadata["corpus_hash"] = environment.corpus_hash;
  models::save_safetensors(run.checkpoint(), all, {.keep_previous = true});
  models::save_safetensors(run.model(), model);
}

// A checkpoint's position; InputError if it is of a different configuration or corpus.
Position read_position(const RunFolder& run, const models::TensorFile& file,
                       const config::TrainConfig& config, const RunEnvironment& environment) {
  const std::string where = run.checkpoint().string();
  const std::string name = metadata_of(file, "stage");
  const std::vector<Stage> stages = stages_of(config.model.kind);
  const auto stage = std::find_if(stages.begin(), stages.end(),
                                  [&](Stage known) { return name == to_string(known); });
  if (stage == stages.end()) {
    throw InputError(text(where, ": expected a stage of model.kind ",
                          config::to_string(config.model.kind), " in the metadata, got '",
                          printable(name), "'; start a new run"));
  }
  refuse_changes(run, file, *stage, config, environment);
  warn_of_environment(file, environment);
  const auto step = parse_integer(metadata_of(file, "step"));
  if (!step || *step < 0) {
    throw InputError(where +
                     ": expected a training step in the metadata, got none; start a new run");
  }
  return {.stage = *stage, .step = *step};
}

// The first stage does not read the second one's tensors, and the second one's settings may have
// changed since the checkpoint: its tensors are kept only if another run has trained them and they
// still fit. Otherwise the model's own, which are random, replace them.
void replace_second_stage(models::TensorFile& file, const Tensors& own, IsFirst is_first) {
  Tensors saved;
  for (const auto& [name, tensor] : file.tensors) {
    if (!is_first(name) && !name.starts_with(kOptimiser)) saved.insert({name, tensor});
  }
  const std::string differ = misfits(own, saved, is_first, false);
  const bool trained = metadata_of(file, "prior_trained") == "true";
  if (trained && differ.empty()) return;
  if (trained)
    log::info(text("the second stage starts from random weights, as ", differ, " differ"));
  for (const auto& [name, tensor] : saved) file.tensors.erase(name);
  for (const auto& [name, tensor] : own) {
    if (!is_first(name)) file.tensors.insert({name, tensor});
  }
  file.metadata["prior_trained"] = "false";
  file.metadata["notes_trained"] = "false";
}

}  // namespace

void save_checkpoint(const RunFolder& run, const TrainState& state,
                     const RunEnvironment& environment) {
  models::TensorFile model = models::model_state(state.model);
  models::TensorFile all = model;
  all.tensors[kCounts] = state.model.vqvae->quantizer->counts;
  all.tensors[kSums] = state.model.vqvae->quantizer->sums;
  optimiser_of(state).save_state(all.tensors, kOptimiser);
  save(run, model, std::move(all), state.position, environment);
}

void save_checkpoint(const RunFolder& run, const BaselineState& state,
                     const RunEnvironment& environment) {
  const models::TensorFile model = models::baseline_state(state.model);
  models::TensorFile all = model;
  state.baseline_step.optimiser().save_state(all.tensors, kOptimiser);
  save(run, model, std::move(all), state.position, environment);
}

void load_checkpoint(const RunFolder& run, TrainState& state, const RunEnvironment& environment) {
  models::TensorFile file = read_newest(run);
  const std::string where = run.checkpoint().string();
  const Position position = read_position(run, file, state.model.config, environment);
  if (position.stage == Stage::vqvae) {
    replace_second_stage(file, models::model_tensors(state.model), of_vqvae);
  }
  // The file's own configuration was compared above; the caller's settings are kept.
  const config::TrainConfig config = state.model.config;
  const bool learns_notes = state.model.notes_trained;
  models::load_model_state(state.model, file, where);
  state.model.config = config;
  if (position.stage == Stage::vqvae) state.model.notes_trained |= learns_notes;
  {
    at::NoGradGuard no_grad;
    for (const auto& [name, into] : {std::pair{kCounts, state.model.vqvae->quantizer->counts},
                                     std::pair{kSums, state.model.vqvae->quantizer->sums}}) {
      const auto found = file.tensors.find(name);
      if (found == file.tensors.end() || found->second.sizes() != into.sizes()) {
        throw InputError(text(where, ": expected the codebook's state '", name,
                              "', but it is missing or has a different shape; start a new run"));
      }
      into.copy_(found->second);
    }
  }
  state.position = position;
  optimiser_of(state).load_state(file.tensors, kOptimiser);
}

void load_checkpoint(const RunFolder& run, BaselineState& state,
                     const RunEnvironment& environment) {
  const models::TensorFile file = read_newest(run);
  const Position position = read_position(run, file, state.model.config, environment);
  models::load_baseline_state(state.model, file, run.checkpoint().string());
  state.position = position;
  state.baseline_step.optimiser().load_state(file.tensors, kOptimiser);
}

void save_checkpoint(const RunFolder& run, const PlusState& state,
                     const RunEnvironment& environment) {
  const models::TensorFile model = models::plus_state(state.model);
  models::TensorFile all = model;
  optimiser_of(state).save_state(all.tensors, kOptimiser);
  save(run, model, std::move(all), state.position, environment);
}

void load_checkpoint(const RunFolder& run, PlusState& state, const RunEnvironment& environment) {
  models::TensorFile file = read_newest(run);
  const Position position = read_position(run, file, state.model.config, environment);
  const bool learns_notes = state.model.notes_trained;
  if (position.stage == Stage::synthesiser) {
    replace_second_stage(file, models::plus_tensors(state.model), of_synthesiser);
  }
  models::load_plus_state(state.model, file, run.checkpoint().string());
  if (position.stage == Stage::synthesiser) state.model.notes_trained |= learns_notes;
  state.position = position;
  optimiser_of(state).load_state(file.tensors, kOptimiser);
}

}  // namespace minet::training
