// One optimisation step of each of plus's two stages (models/plus.hpp).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "minet/clips/plus_data.hpp"
#include "minet/config/train_config.hpp"
#include "minet/models/peers.hpp"
#include "minet/models/plus.hpp"
#include "minet/training/adamw.hpp"

namespace minet::training {

class Joint;
class Ranks;
template <class Report>
class Recorded;

// Scales, stretches, rotates and shifts poses and displaces their joints a little, each clip
// differently: other players and cameras. Draws from torch's default generator.
at::Tensor augmented(const at::Tensor& pose, double strength);

// The form of the controls that the synthesiser gets for each clip of `part` in stage 1: a share
// config.plus.drawn as if drawn by the prior, half of these with notes.
std::vector<clips::ControlsSeen> controls_seen(const config::TrainConfig& config, std::int64_t step,
                                               const models::Part& part);

struct PlusReport {  // as for the other stages (steps.hpp)
  at::Tensor loss, gradient_norm;
  double learning_rate = 0;
};

// Stage 1: body encoder and synthesiser, jointly, on recorded sound, with the matching loss between
// bodies and sounds.
class SynthesiserStep {
 public:
  SynthesiserStep(models::PlusModel& model, const config::TrainConfig& config,
                  Ranks* ranks = nullptr);
  // `noise` [B, S * hop]; `pose` already augmented.
  PlusReport run(const models::SynthesiserBatch& batch, const at::Tensor& noise, std::int64_t step);
  AdamW& optimiser() { return optimiser_; }

 private:
  models::PlusModel& model_;
  config::TrainConfig config_;
  AdamW optimiser_;
  std::shared_ptr<Joint> joint_;
  std::shared_ptr<Recorded<PlusReport>> recorded_;
};

// Stage 2: movement encoder and prior; h comes from stage 1 and is not trained.
class ControlsStep {
 public:
  ControlsStep(models::PlusModel& model, const config::TrainConfig& config, Ranks* ranks = nullptr);
  PlusReport run(const models::ControlBatch& batch, const at::Tensor& hidden /* [B, T] bool */,
                 std::int64_t step);
  AdamW& optimiser() { return optimiser_; }

 private:
  models::PlusModel& model_;
  config::TrainConfig config_;
  AdamW optimiser_;
  std::shared_ptr<Joint> joint_;
  std::shared_ptr<Recorded<PlusReport>> recorded_;
};

}  // namespace minet::training
