// One optimisation step of each stage, without files and loops: the parity tests compare these with
// PyTorch.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>

#include "minet/models/baseline.hpp"
#include "minet/models/model.hpp"
#include "minet/models/prior_logits.hpp"
#include "minet/training/adamw.hpp"

namespace minet::training {

class Joint;
class Ranks;
template <class Report>
class Recorded;

// The values of a report are tensors [] on the model's device: reading one waits for its step, so a
// training loop reads them only when it logs. A step whose gradients are not finite changes no
// parameter; AdamW::take_failure reports it. With config.run.cuda_graphs, the next step overwrites
// them.
struct VqVaeReport {
  at::Tensor loss, reconstruction, gradient_norm;
  double learning_rate = 0;
  at::Tensor commitment, codes;  // [], [B, T] int64; undefined in the plain steps
  at::Tensor encoded;            // [B * T, D], the vectors of these codes; likewise
  at::Tensor revived;            // [] int64, codes given new vectors; undefined if not checked
};

// With `ranks`, which must outlive it, each kind of step gets this rank's part of a batch
// (models::part_of) and learns from the joined one; a report has the values for the part.

// Stage 1 (paper section 3.2): the first `plain_steps` as a plain autoencoder, then with the
// codebook, which must have been started by `start_codebook`; with the codebook of another run from
// the first step on.
class VqVaeStep {
 public:
  VqVaeStep(models::Model& model, const config::TrainConfig& config,
            config::Precision precision = config::Precision::float32, Ranks* ranks = nullptr);
  void start_codebook(const at::Tensor& vectors);  // [M, D] of encoder vectors
  VqVaeReport run(const at::Tensor& spectrogram /* [B, F, T] */, std::int64_t step);
  AdamW& optimiser() { return optimiser_; }

 private:
  VqVaeReport learn(const at::Tensor& spectrogram, bool quantise);
  models::Model& model_;
  config::TrainConfig config_;
  config::Precision precision_;
  AdamW optimiser_;
  std::shared_ptr<Joint> joint_;
  std::shared_ptr<Recorded<VqVaeReport>> recorded_;
};

struct PriorReport {
  at::Tensor loss;  // nats per code
  at::Tensor gradient_norm;
  double learning_rate = 0;
};

// Stage 2 (sections 3.3, 3.4): body encoder, prior and content transformer jointly.
class PriorStep {
 public:
  PriorStep(models::Model& model, const config::TrainConfig& config,
            config::Precision precision = config::Precision::float32, Ranks* ranks = nullptr);
  PriorReport run(const models::PriorBatch& batch, std::int64_t step);
  AdamW& optimiser() { return optimiser_; }

 private:
  models::Model& model_;
  config::TrainConfig config_;
  config::Precision precision_;
  AdamW optimiser_;
  std::shared_ptr<Joint> joint_;
  std::shared_ptr<Recorded<PriorReport>> recorded_;
};

struct BaselineBatch {
  at::Tensor pose;         // [B, P, 94] float
  at::Tensor spectrogram;  // [B, F, T] standardised
};

struct BaselineReport {
  at::Tensor loss;  // as set by config.model.frame_loss
  at::Tensor gradient_norm;
  double learning_rate = 0;
};

// The only stage of a baseline: teacher-forced frames.
class BaselineStep {
 public:
  BaselineStep(models::BaselineModel& model, const config::TrainConfig& config,
               config::Precision precision = config::Precision::float32, Ranks* ranks = nullptr);
  BaselineReport run(const BaselineBatch& batch, std::int64_t step);
  AdamW& optimiser() { return optimiser_; }

 private:
  models::BaselineModel& model_;
  config::TrainConfig config_;
  config::Precision precision_;
  AdamW optimiser_;
  std::shared_ptr<Joint> joint_;
  std::shared_ptr<Recorded<BaselineReport>> recorded_;
};

}  // namespace minet::training
