// The plausibility of the two optimisation steps: they learn one batch, use their conditions, and
// stop at a NaN. (Against PyTorch: parity_test.cpp.)
#include "minet/training/steps.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>

#include "minet/config/config.hpp"
#include "minet/core/errors.hpp"
#include "minet/models/model.hpp"
#include "minet/models/precision.hpp"
#include "minet/models/safetensors.hpp"
#include "minet/training/train.hpp"
#include "models/cpu/compute_paths.hpp"
#include "support/temp_folder.hpp"
#include "training/small_config.hpp"

namespace minet::training {
namespace {

config::TrainConfig trained_config() {
  config::TrainConfig config = small_config();
  config.vqvae.plain_steps = 30;
  config.content.alignment = config::Alignment::both;
  config.vqvae_training = {.steps = 200, .batch = 4, .learning_rate = 5e-3, .warmup_steps = 5};
  config.prior_training = {.steps = 200, .batch = 4, .learning_rate = 1e-2, .warmup_steps = 5};
  return config;
}

class StepsTest : public testing::Test {
 protected:
  void SetUp() override {
    at::set_num_threads(1);
    at::manual_seed(0);
  }

  // Only six kinds of frames, so that sixteen codes can represent them.
  at::Tensor spectrogram() const {
    const at::Tensor kinds = at::randn({6, 32});
    return kinds.index_select(0, at::randint(6, {4 * 20}, at::kLong))
        .view({4, 20, 32})
        .transpose(1, 2)
        .contiguous();
  }

  // Codes that depend on the note alone; the body is noise.
  models::PriorBatch batch() const {
    models::PriorBatch batch;
    batch.notes = at::randint(60, 68, {4, 20}, at::kLong);
    batch.codes = batch.notes - 58;
    batch.pose = at::randn({4, 8, 94});
    batch.notes_present = at::ones({4});
    return batch;
  }

  const config::TrainConfig config_ = trained_config();
};

class LearningSteps : public StepsTest, public testing::WithParamInterface<config::Precision> {
  void SetUp() override {
    if (GetParam() == config::Precision::bf16 && !models::has_bf16_products()) {
      GTEST_SKIP() << "this processor has no AVX512-BF16";
    }
    StepsTest::SetUp();
  }
};

TEST_P(LearningSteps, TheVqVaeLearnsOneBatchThroughItsCodebook) {
  models::Model model = models::make_model(config_, 1);
  VqVaeStep step(model, config_, GetParam());
  const at::Tensor input = spectrogram();
  double first = 0, last = 0;
  for (std::int64_t s = 0; s < 200; ++s) {
    if (s == config_.vqvae.plain_steps) {
      at::NoGradGuard no_grad;
      const at::Tensor encoded = model.vqvae->encoder->forward(input);
      step.start_codebook(encoded.transpose(1, 2).reshape({-1, 8}));
    }
    const VqVaeReport report = step.run(input, s);
    if (s == 0) first = report.reconstruction.item<double>();
    last = report.reconstruction.item<double>();
    EXPECT_EQ(report.codes.defined(), s >= config_.vqvae.plain_steps);
  }
  EXPECT_LT(last, 0.2 * first);
}

TEST_P(LearningSteps, ThePriorLearnsOneBatchAndFollowsItsNotes) {
  models::Model model = models::make_model(config_, 1);
  PriorStep step(model, config_, GetParam());
  const models::PriorBatch learned = batch();
  const double first = step.run(learned, 0).loss.item<double>();
  double last = first;
  for (std::int64_t s = 1; s < 150; ++s) last = step.run(learned, s).loss.item<double>();
  EXPECT_NEAR(first, std::log(16), 0.5);
  EXPECT_LT(last, 0.2 * first);

  at::NoGradGuard no_grad;
  model.eval();
  models::PriorBatch other = learned;
  other.notes = learned.notes.roll(1, 0);
  const auto nll = [&](const models::PriorBatch& b) {
    return at::cross_entropy_loss(models::prior_logits(model, b).flatten(0, 1),
                                  learned.codes.flatten())
        .item<double>();
  };
  EXPECT_GT(nll(other), nll(learned) + 0.5);
}

// Fine-tuning starts with the codebook that the other run has learned, and keeps it.
TEST_F(StepsTest, TheCodebookOfAnotherRunIsKept) {
  config::TrainConfig config = config_;
  config.spectrogram.n_fft = 1024;  // files need a valid configuration
  config.spectrogram.bins = 512;
  config.vqvae_training.batch = 64;  // with one use each, every code would be replaced
  const at::Tensor input = at::randn({4, 512, 20});
  const TempFolder folder;
  {
    models::Model other = models::make_model(config, 1);
    const at::NoGradGuard no_grad;
    const at::Tensor encoded = other.vqvae->encoder->forward(input);
    VqVaeStep(other, config).start_codebook(encoded.transpose(1, 2).reshape({-1, 8}));
    models::save_safetensors(folder.path() / "model.safetensors", models::model_state(other));
  }
  models::Model model = models::make_model(config, 2);
  start_from(model, folder.path());
  models::VectorQuantizer quantizer = model.vqvae->quantizer;
  const at::Tensor before = quantizer->codes.clone();
  const at::Tensor chosen = at::arange(64 * 20) % 16;  // each code equally often
  quantizer->update(quantizer->lookup(chosen), chosen);
  EXPECT_EQ(quantizer->revive(quantizer->lookup(chosen), {}).item<std::int64_t>(), 0);
  EXPECT_TRUE(at::allclose(quantizer->codes, before, 1e-3, 1e-3));

  VqVaeStep step(model, config);
  EXPECT_TRUE(step.run(input, 0).codes.defined());  // not a plain step
}

INSTANTIATE_TEST_SUITE_P(, LearningSteps,
                         testing::Values(config::Precision::float32, config::Precision::bf16),
                         [](const auto& one) { return std::string(config::to_string(one.param)); });

TEST(Precision, WhatTheProcessorLacksIsRefused) {
  using config::Precision;
  EXPECT_EQ(models::use_precision(Precision::automatic, at::kCPU), Precision::float32);
  EXPECT_EQ(models::use_precision(Precision::float32, at::kCPU), Precision::float32);
  EXPECT_THROW(models::use_precision(Precision::tf32, at::kCPU), InputError);
  if (models::has_bf16_products()) {
    EXPECT_EQ(models::use_precision(Precision::bf16, at::kCPU), Precision::bf16);
  } else {
    EXPECT_THROW(models::use_precision(Precision::bf16, at::kCPU), InputError);
  }
}

TEST(Precision, DeterministicOperatorsOnRequest) {
  at::Context& context = at::globalContext();
  EXPECT_FALSE(context.deterministicAlgorithms());
  models::use_deterministic_operators();
  EXPECT_TRUE(context.deterministicAlgorithms());
  EXPECT_TRUE(context.deterministicAlgorithmsWarnOnly());
  EXPECT_TRUE(context.deterministicCuDNN());
  EXPECT_STREQ(std::getenv("CUBLAS_WORKSPACE_CONFIG"), ":4096:8");
  context.setDeterministicAlgorithms(false, false);
  context.setDeterministicCuDNN(false);
  context.setDeterministicFillUninitializedMemory(true);
}

TEST_F(StepsTest, DropoutIsAFunctionOfTheStep) {
  config::TrainConfig config = config_;
  config.prior.dropout = 0.3;
  const models::PriorBatch input = batch();
  const auto loss_at = [&](std::int64_t step) {
    models::Model model = models::make_model(config, 1);
    return PriorStep(model, config).run(input, step).loss.item<double>();
  };
  const double loss = loss_at(7);
  at::randn({1000});  // moving the global generator changes nothing
  EXPECT_EQ(loss_at(7), loss);
  EXPECT_NE(loss_at(8), loss);
}

TEST_F(StepsTest, ANanIsReportedAndLeavesTheWeightsAlone) {
  models::Model model = models::make_model(config_, 1);
  VqVaeStep vqvae_step(model, config_);
  at::Tensor input = spectrogram();
  input[0][0][0] = std::nan("");
  const at::Tensor before = model.vqvae->decoder->parameters()[0].detach().clone();
  const VqVaeReport report = vqvae_step.run(input, 0);
  EXPECT_FALSE(std::isfinite(report.gradient_norm.item<double>()));
  EXPECT_TRUE(vqvae_step.optimiser().take_failure());
  EXPECT_FALSE(vqvae_step.optimiser().take_failure());
  EXPECT_TRUE(at::equal(model.vqvae->decoder->parameters()[0], before));
}

TEST(LearningRate, WarmsUpAndFollowsACosine) {
  const config::StageConfig stage{
      .steps = 100, .learning_rate = 2, .warmup_steps = 4, .final_rate = 0.1};
  EXPECT_NEAR(learning_rate(stage, 0), 2 * 0.25, 1e-12);
  EXPECT_NEAR(learning_rate(stage, 50), 2 * 0.55, 1e-12);
  EXPECT_NEAR(learning_rate(stage, 99), 2 * (0.1 + 0.9 * (1 + std::cos(M_PI * 0.99)) / 2), 1e-12);
}

TEST(AdamWTest, ClipsToATotalNormAndKeepsItsState) {
  at::Tensor a = at::zeros({2}).requires_grad_(), b = at::zeros({1}).requires_grad_();
  const config::StageConfig stage{.steps = 10, .learning_rate = 0.1};
  AdamW optimiser({{"a", a}, {"b", b}}, stage);
  a.mutable_grad() = at::tensor({3.0f, 0.0f});
  b.mutable_grad() = at::tensor({4.0f});
  EXPECT_NEAR(optimiser.clip_gradients(1).item<double>(), 5, 1e-6);
  optimiser.set_learning_rate(0.1);
  optimiser.step();
  EXPECT_NEAR(b.grad().item<float>(), 0.8, 1e-5);
  EXPECT_NEAR(b.item<float>(), -0.1, 1e-4);  // the size of Adam's first step is the learning rate

  std::map<std::string, at::Tensor> state;
  optimiser.save_state(state, "optimizer.");
  at::Tensor a2 = a.detach().clone().requires_grad_(), b2 = b.detach().clone().requires_grad_();
  AdamW other({{"a", a2}, {"b", b2}}, stage);
  other.load_state(state, "optimizer.");
  for (auto* gradient : {&a2, &a}) gradient->mutable_grad() = at::tensor({1.0f, 2.0f});
  for (auto* gradient : {&b2, &b}) gradient->mutable_grad() = at::tensor({-1.0f});
  for (AdamW* each : {&optimiser, &other}) {
    each->set_learning_rate(0.05);
    each->step();
  }
  EXPECT_TRUE(at::equal(a, a2) && at::equal(b, b2));
  state.erase("optimizer.b.mean");
  EXPECT_THROW(other.load_state(state, "optimizer."), InputError);
}

}  // namespace
}  // namespace minet::training
