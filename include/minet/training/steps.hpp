// One optimisation step of each stage, free of files and loops: what the parity tests compare with
// PyTorch.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "minet/models/baseline.hpp"
#include "minet/models/model.hpp"
#include "minet/models/prior_logits.hpp"
#include "minet/training/adamw.hpp"

namespace minet::training {

struct VqVaeReport {
  double loss = 0, reconstruction = 0, commitment = 0;
  double gradient_norm = 0, learning_rate = 0;
  at::Tensor codes;          // [B, T] int64; undefined in the plain steps
  std::int64_t revived = 0;  // codes given new vectors
};

// Stage 1 (paper section 3.1): the first `plain_steps` as an autoencoder, then with the codebook,
// which `start_codebook` must have started.
class VqVaeStep {
 public:
  VqVaeStep(models::Model& model, const config::TrainConfig& config);
  void start_codebook(const at::Tensor& vectors);  // [M, D] of encoder vectors
  VqVaeReport run(const at::Tensor& spectrogram /* [B, F, T] */, std::int64_t step);
  AdamW& optimiser() { return optimiser_; }

 private:
  models::Model& model_;
  config::TrainConfig config_;
  AdamW optimiser_;
};

struct PriorReport {
  double loss = 0;  // nats per code
  double gradient_norm = 0, learning_rate = 0;
};

// Stage 2 (section 3.2): body encoder, prior and content transformer jointly.
class PriorStep {
 public:
  PriorStep(models::Model& model, const config::TrainConfig& config);
  PriorReport run(const models::PriorBatch& batch, std::int64_t step);
  AdamW& optimiser() { return optimiser_; }

 private:
  models::Model& model_;
  config::TrainConfig config_;
  AdamW optimiser_;
};

struct BaselineBatch {
  at::Tensor pose;         // [B, P, 94] float
  at::Tensor spectrogram;  // [B, F, T] standardised
};

struct BaselineReport {
  double loss = 0;  // config.model.frame_loss
  double gradient_norm = 0, learning_rate = 0;
};

// The only stage of a baseline: teacher-forced frames.
class BaselineStep {
 public:
  BaselineStep(models::BaselineModel& model, const config::TrainConfig& config);
  BaselineReport run(const BaselineBatch& batch, std::int64_t step);
  AdamW& optimiser() { return optimiser_; }

 private:
  models::BaselineModel& model_;
  config::TrainConfig config_;
  AdamW optimiser_;
};

}  // namespace minet::training
