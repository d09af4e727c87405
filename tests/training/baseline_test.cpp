// The baselines' training step: against the PyTorch mirror, overfitting one batch, and resuming
// from a checkpoint bit for bit.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string>

#include "minet/config/config.hpp"
#include "minet/core/errors.hpp"
#include "minet/training/checkpoint.hpp"
#include "minet/training/steps.hpp"
#include "reference/golden.hpp"
#include "support/temp_folder.hpp"
#include "training/small_config.hpp"

namespace minet::training {
namespace {

namespace fs = std::filesystem;
using reference::Golden;

class BaselineTraining : public ::testing::TestWithParam<config::ModelKind> {
 protected:
  void SetUp() override { at::set_num_threads(1); }

  config::TrainConfig small() const {
    config::TrainConfig config;
    config.model.kind = GetParam();
    config.spectrogram = {.sample_rate = 4000, .n_fft = 64, .hop = 16, .bins = 32};
    config.data.clip_seconds = 0.1;  // 25 frames
    make_baselines_small(config);
    config.graph_transformer.dropout = 0.1;
    config.baseline_training = {
        .steps = 300, .batch = 4, .learning_rate = 5e-3, .weight_decay = 0.01, .warmup_steps = 10};
    return config;
  }

  // Four clips whose bins oscillate at different rates.
  static BaselineBatch batch() {
    const at::Tensor t = at::arange(25).to(at::kFloat).view({1, 1, -1});
    const at::Tensor f = at::arange(32).to(at::kFloat).view({1, -1, 1});
    const at::Tensor b = at::arange(4).to(at::kFloat).view({-1, 1, 1});
    at::manual_seed(4);
    return {.pose = at::randn({4, 10, 94}),
            .spectrogram = 1.4 * at::sin(0.3 * t * (1 + b) + 0.7 * f + b)};
  }

  const TempFolder temporary;
  const fs::path& folder = temporary.path();
};

TEST_P(BaselineTraining, TenStepsFollowTheMirror) {
  const std::string name(config::to_string(GetParam()));
  const Golden golden("train_baseline");
  const config::TrainConfig config = golden.config(name);
  models::BaselineModel model = models::make_baseline(config, 1);
  reference::set_weights(*model.net, "baseline.", Golden(name));
  BaselineStep stage(model, config);
  const auto entry = [&](const char* what, std::int64_t step) {
    return golden.at(name + ".steps." + what)[step].item<double>();
  };
  for (std::int64_t step = 0; step < config.baseline_training.steps; ++step) {
    const std::string of_batch = "batch." + std::to_string(step % 3) + ".";
    const BaselineReport report = stage.run(
        {.pose = golden.at(of_batch + "pose"), .spectrogram = golden.at(of_batch + "spectrogram")},
        step);
    EXPECT_NEAR(report.loss.item<double>(), entry("loss", step), 1e-4) << step;
    const double norm = entry("gradient_norm", step);
    EXPECT_NEAR(report.gradient_norm.item<double>(), norm, 5e-4 * norm) << step;
    EXPECT_NEAR(report.learning_rate, entry("learning_rate", step), 1e-8) << step;
  }
  const auto tensors = models::baseline_tensors(model);
  const auto finals = golden.under(name + ".final.");
  EXPECT_GE(finals.size(), 6u);
  for (const auto& [tensor, weight] : finals) {
    ASSERT_TRUE(tensors.contains(tensor)) << tensor;
    EXPECT_TRUE(reference::agrees(tensor, tensors.at(tensor), weight, 1e-3));
  }
}

TEST_P(BaselineTraining, LearnsABatchByHeartAndPlaysItFromItsOwnFrames) {
  const config::TrainConfig config = small();
  models::BaselineModel model = models::make_baseline(config, 1);
  BaselineStep stage(model, config);
  const BaselineBatch one = batch();
  double first = 0, last = 0;
  for (std::int64_t step = 0; step < config.baseline_training.steps; ++step) {
    last = stage.run(one, step).loss.item<double>();
    if (step == 0) first = last;
  }
  EXPECT_LT(last, 0.25 * first);
  model.net->eval();
  const at::NoGradGuard no_grad;
  const at::Tensor mean = one.spectrogram.mean(at::IntArrayRef({0, 2}), /*keepdim=*/true);
  const double of_mean =
      at::mse_loss(mean.expand_as(one.spectrogram), one.spectrogram).item<double>();
  const double forced =
      at::mse_loss(model.net->forward(one.pose, one.spectrogram), one.spectrogram).item<double>();
  const double free =
      at::mse_loss(model.net->generate(one.pose, 25), one.spectrogram).item<double>();
  EXPECT_LT(forced, 0.1 * of_mean);
  EXPECT_LT(free, 0.3 * of_mean);
}

TEST_P(BaselineTraining, GoesOnFromACheckpointBitForBit) {
  const config::TrainConfig config = small();
  const RunEnvironment environment{
      .threads = 1, .device = "cpu", .capability = "x", .torch = "y", .corpus_hash = "z"};
  const RunFolder run(folder / "run", false);
  const BaselineBatch one = batch();
  models::BaselineModel whole = models::make_baseline(config, 1);
  BaselineStep whole_step(whole, config);
  BaselineState state{.model = whole, .baseline_step = whole_step};
  for (std::int64_t step = 0; step < 12; ++step) {
    if (step == 7) {
      state.position.step = step;
      save_checkpoint(run, state, environment);
    }
    whole_step.run(one, step);
  }
  models::BaselineModel other = models::make_baseline(config, 1);
  BaselineStep other_step(other, config);
  BaselineState restored{.model = other, .baseline_step = other_step};
  load_checkpoint(run, restored, environment);
  EXPECT_EQ(restored.position.step, 7);
  EXPECT_EQ(restored.position.stage, Stage::baseline);
  for (std::int64_t step = 7; step < 12; ++step) other_step.run(one, step);
  const auto left = models::baseline_tensors(whole), right = models::baseline_tensors(other);
  for (const auto& [name, tensor] : left) EXPECT_TRUE(tensor.equal(right.at(name))) << name;
  if (GetParam() == config::ModelKind::graph_transformer) {
    EXPECT_EQ(right.at("baseline.graph.norm_in.num_batches_tracked").item<std::int64_t>(), 12);
  }
}

TEST_P(BaselineTraining, AnotherConfigurationIsRefusedWhereItMattersToTheBaseline) {
  const config::TrainConfig config = small();
  const RunEnvironment environment{};
  const RunFolder run(folder / "run", false);
  models::BaselineModel model = models::make_baseline(config, 1);
  BaselineStep step(model, config);
  save_checkpoint(run, {.model = model, .baseline_step = step}, environment);
  const auto load = [&](const config::TrainConfig& changed) -> std::string {
    models::BaselineModel other = models::make_baseline(changed, 1);
    BaselineStep other_step(other, changed);
    BaselineState state{.model = other, .baseline_step = other_step};
    try {
      load_checkpoint(run, state, environment);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  config::TrainConfig changed = config;
  changed.vqvae.channels = 64;  // not read
  changed.prior.layers = 5;
  EXPECT_EQ(load(changed), "");
  changed = config;
  changed.baseline_training.learning_rate = 1e-3;
  changed.model.frame_loss = config::FrameLoss::mse;
  const std::string message = load(changed);
  EXPECT_NE(message.find("model.frame_loss: mse, not l1"), std::string::npos) << message;
  EXPECT_NE(message.find("baseline_training.learning_rate: 0.001, not 0.005"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(, BaselineTraining,
                         ::testing::Values(config::ModelKind::seq2seq,
                                           config::ModelKind::graph_transformer),
                         [](const auto& one) { return std::string(config::to_string(one.param)); });

}  // namespace
}  // namespace minet::training
