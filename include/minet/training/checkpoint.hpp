// Everything needed to resume, in one safetensors file, so that a single rename publishes it.
//
// Tensors: the model's (vqvae.*, body.*, prior.*, content.*), the codebook's training state
// (vqvae.quantizer.counts and sums), the optimiser's of the current stage (optimizer.*); for plus:
// body.*, synthesiser.*, match.*, motion.*, controls.* and optimizer.*; for a
// baseline: baseline.*, including running statistics of batch normalisation, and optimizer.*.
// Metadata: the model's, and stage, step, threads, ranks, device, capability, torch, corpus_hash.
// There is no generator state: batch order, dropout, codebook initialisation and revival are
// functions of (seed, step).
#pragma once

#include <cstdint>
#include <string>

#include "minet/clips/plus_data.hpp"
#include "minet/models/model.hpp"
#include "minet/training/plus_steps.hpp"
#include "minet/training/run_folder.hpp"
#include "minet/training/steps.hpp"

namespace minet::training {

// How far a run has got.
struct Position {
  Stage stage = Stage::vqvae;  // never `all`
  std::int64_t step = 0;       // the next step of this stage
};

struct TrainState {
  models::Model& model;
  VqVaeStep& vqvae_step;
  PriorStep& prior_step;
  Position position;
};

struct BaselineState {
  models::BaselineModel& model;
  BaselineStep& baseline_step;
  Position position{.stage = Stage::baseline};
};

struct PlusState {
  models::PlusModel& model;
  SynthesiserStep& synthesiser_step;
  ControlsStep& controls_step;
  const clips::PlusData& train_data;
  const clips::PlusData& test_data;
  Position position{.stage = Stage::synthesiser};
};

// What bit-exact resuming depends on, besides the files.
struct RunEnvironment {
  int threads = 1, ranks = 1;
  std::string device, capability, torch, corpus_hash;
};

// checkpoint.safetensors (the old one kept as .prev), then model.safetensors derived from it.
void save_checkpoint(const RunFolder& run, const TrainState& state,
                     const RunEnvironment& environment);
void save_checkpoint(const RunFolder& run, const BaselineState& state,
                     const RunEnvironment& environment);
void save_checkpoint(const RunFolder& run, const PlusState& state,
                     const RunEnvironment& environment);

// Loads the newest checkpoint that verifies into `state`; warns which was skipped and why.
// InputError for a different corpus or seed, or a changed configuration, except for other run.*,
// generation.*, more steps, and what has not been used yet; a different environment is a warning.
void load_checkpoint(const RunFolder& run, TrainState& state, const RunEnvironment& environment);
void load_checkpoint(const RunFolder& run, BaselineState& state, const RunEnvironment& environment);
void load_checkpoint(const RunFolder& run, PlusState& state, const RunEnvironment& environment);

}  // namespace minet::training
