// What the tests on the fake accelerator train on.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <string>

#include "accelerator/fake_device.hpp"
#include "minet/models/plus.hpp"
#include "minet/models/prior_logits.hpp"
#include "minet/training/steps.hpp"
#include "reference/golden.hpp"
#include "training/small_config.hpp"

namespace minet::accelerator {

class OnDevice : public testing::Test {
 protected:
  OnDevice() : device(test_device()) {
    at::set_num_threads(1);
    at::manual_seed(0);
  }
  at::Tensor there(const at::Tensor& tensor) const { return tensor.to(device); }

  bool is_fake() const { return device.type() == at::kHPU; }

  const at::Device device;
};

inline config::TrainConfig trained_config() {
  config::TrainConfig config = training::small_config();
  config.vqvae.plain_steps = 0;
  config.vqvae.revive_every = 2;
  config.content.alignment = config::Alignment::both;
  config.vqvae_training = {.steps = 200, .batch = 4, .learning_rate = 5e-3, .warmup_steps = 5};
  config.prior_training = {.steps = 200, .batch = 4, .learning_rate = 1e-2, .warmup_steps = 5};
  config.baseline_training = config.prior_training;
  config.prior.dropout = 0.1;
  return config;
}

inline models::PriorBatch prior_batch(const at::Device& device) {
  const at::Tensor notes = at::randint(60, 68, {4, 20}, at::kLong);
  return {.codes = (notes - 58).to(device),
          .pose = at::randn({4, 8, 94}).to(device),
          .notes = notes.to(device),
          .notes_present = at::ones({4}).to(device)};
}

inline config::TrainConfig baseline_config(config::ModelKind kind) {
  config::TrainConfig config = trained_config();
  training::make_baselines_small(config);
  config.model.kind = kind;
  return config;
}

// Of a prior, for sampling; its steps go beyond the context.
inline config::TrainConfig sampled_config(config::PriorKind kind) {
  config::TrainConfig config = trained_config();
  config.prior.kind = kind;
  config.prior.context = 12;
  config.prior.dropout = 0;
  return config;
}

inline training::BaselineBatch baseline_batch(const at::Device& device) {
  return {.pose = at::randn({3, 8, 94}).to(device),
          .spectrogram = at::randn({3, 32, 20}).to(device)};
}

// For both stages of plus.
struct PlusInputs {
  PlusInputs() {
    const reference::Golden golden("plus");
    config = golden.config();
    const auto far = [&](const char* name) {
      return golden.at(std::string("input.") + name);  // on the device of the tests
    };
    noise = far("noise");
    sounds = {.input = {far("hz"), far("voiced"), far("loudness")},
              .hz = far("hz"),
              .sound = far("sound"),
              .pose = far("pose"),
              .clip = far("clip")};
    controls = {.tokens = {far("onset"), far("pitch"), far("level")},
                .notes = {far("note"), far("note_onset"), far("present") > 0},
                .pose = sounds.pose};
    hidden = far("hidden") > 0;
  }

  config::TrainConfig config;
  models::SynthesiserBatch sounds;
  at::Tensor noise;
  models::ControlBatch controls;
  at::Tensor hidden;
};

}  // namespace minet::accelerator
