// No training step and no sampled code makes the host wait for a GPU, except where a log line is
// written.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <iostream>
#include <string>

#include "accelerator/batches.hpp"
#include "accelerator/fake_device.hpp"
#include "minet/generation/plus.hpp"
#include "minet/generation/sampling.hpp"
#include "minet/models/baseline.hpp"
#include "minet/models/model.hpp"
#include "minet/models/plus.hpp"
#include "minet/training/augment.hpp"
#include "minet/training/plus_steps.hpp"
#include "minet/training/steps.hpp"
#include "models/cpu/compute_paths.hpp"
#include "reference/golden.hpp"
#include "training/small_config.hpp"
#include "training/usage_monitor.hpp"

namespace minet::accelerator {
namespace {

std::string text_of(const Traffic& traffic) {
  std::string text = std::to_string(traffic.read_count()) + " reads, " +
                     std::to_string(traffic.writes) + " writes";
  for (const auto& [name, count] : traffic.reads) {
    text += "; " + name + " " + std::to_string(count);
  }
  for (const auto& [name, count] : traffic.mixed) {
    text += "; mixed: " + name + " " + std::to_string(count);
  }
  return text;
}

// The numbers in the tables of docs/gpu.md.
void print(const std::string& what, const Traffic& traffic) {
  std::cout << what << ": " << text_of(traffic) << '\n';
}

class FakeDevice : public OnDevice {
 protected:
  void SetUp() override {
    if (!is_fake()) GTEST_SKIP() << "only the fake accelerator counts";
  }
  // Runs a few warm-up steps, which may create what is created once, then counts `steps` of them.
  template <class Step>
  void expect_no_reads(const std::string& what, const Step& step, std::int64_t steps,
                       std::int64_t writes = 0) {
    std::int64_t done = 0;
    for (; done < 2; ++done) step(done);
    take_traffic();
    for (std::int64_t i = 0; i < steps; ++i) step(done++);
    const Traffic traffic = take_traffic();
    print(what + ", " + std::to_string(steps) + " steps", traffic);
    EXPECT_EQ(traffic.read_count(), 0) << text_of(traffic);
    EXPECT_LE(traffic.writes, writes * steps) << text_of(traffic);
    EXPECT_TRUE(traffic.mixed.empty()) << text_of(traffic);
  }
};

using FakeDeviceDeathTest = FakeDevice;

TEST_F(FakeDevice, CountsWhatAGpuWouldWaitFor) {
  take_traffic();
  const at::Tensor x = there(at::arange(6, at::kFloat));
  EXPECT_EQ(take_traffic().writes, 1);
  const at::Tensor y = (x * 2).view({2, 3}).t().contiguous() + 1;
  EXPECT_EQ(take_traffic().read_count(), 0);
  EXPECT_EQ(y.sum().item<float>(), 36);
  EXPECT_EQ(take_traffic().reads, (std::map<std::string, std::int64_t>{{"item", 1}}));
  EXPECT_TRUE(y.cpu().equal(at::tensor({1.f, 7.f, 3.f, 9.f, 5.f, 11.f}).view({3, 2})));
  EXPECT_EQ(take_traffic().read_count(), 1);
  at::nonzero(x);
  EXPECT_EQ(take_traffic().read_count(), 1);
  x.index({x > 2});
  EXPECT_EQ(take_traffic().read_count(), 1);
  at::bincount(x.to(at::kLong));
  EXPECT_EQ(take_traffic().read_count(), 1);
}

TEST_F(FakeDevice, TellsMixedDevices) {
  const at::Tensor x = there(at::ones({3}));
  take_traffic();
  static_cast<void>(x + 1);
  static_cast<void>(x * at::scalar_tensor(2.0f));  // a number on the CPU is allowed
  EXPECT_TRUE(take_traffic().mixed.empty());
  EXPECT_THROW(static_cast<void>(x + at::ones({3})), c10::Error);
  static_cast<void>(x.index_select(0, at::tensor({1, 2})));  // the fallback would accept it
  EXPECT_EQ(take_traffic().mixed.count("aten::index_select"), 1u);
}

TEST_F(FakeDeviceDeathTest, ARawPointerIntoItEndsTheProcess) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const at::Tensor x = there(at::ones({3}));
  EXPECT_DEATH(std::cerr << *static_cast<const float*>(x.const_data_ptr()), "");
  EXPECT_DEATH(*static_cast<float*>(x.mutable_data_ptr()) = 1, "");
}

TEST_F(FakeDevice, AStepOfTheVqVae) {
  const config::TrainConfig config = trained_config();
  models::Model model = models::make_model(config, 1), here = models::make_model(config, 1);
  model.to(device);
  training::VqVaeStep step(model, config), mirror(here, config);
  training::UsageMonitor usage(config.vqvae.codes);
  const at::Tensor spectrogram = at::randn({4, 32, 20}), far = there(spectrogram);
  const at::Tensor vectors = at::randn({64, config.vqvae.code_width});
  step.start_codebook(there(vectors));
  mirror.start_codebook(vectors);
  at::Tensor loss;
  expect_no_reads(
      "VQ-VAE",
      [&](std::int64_t at) {
        const training::VqVaeReport report = step.run(far, at);
        usage.see(report.codes, at);
        loss = report.loss;
      },
      10, /*writes=*/1);  // the vectors that revival picks
  // It learns the same as on the CPU.
  at::Tensor ours;
  for (std::int64_t at = 0; at < 12; ++at) ours = mirror.run(spectrogram, at).loss;
  EXPECT_NEAR(loss.item<float>(), ours.item<float>(), 1e-4);
}

TEST_F(FakeDevice, AStepOfThePrior) {
  for (const auto kind : {config::PriorKind::transformer, config::PriorKind::gru}) {
    config::TrainConfig config = trained_config();
    config.prior.kind = kind;
    config.augment = {.build = 0.1, .turn = 0.1, .mirror = 0.5, .gaps = 0.5};
    models::Model model = models::make_model(config, 1);
    model.to(device);
    training::PriorStep step(model, config);
    models::PriorBatch batch = prior_batch(device);
    const at::Tensor pose = batch.pose;
    const std::string name = kind == config::PriorKind::gru ? "GRU prior" : "prior";
    expect_no_reads(
        name, [&](std::int64_t at) { step.run(batch, at); }, 5);
    expect_no_reads(
        name + ", augmented",
        [&](std::int64_t at) {
          batch.pose = training::augmented(pose, config, at);
          step.run(batch, at);
        },
        5, /*writes=*/12);  // the augmentation's random numbers
  }
}

TEST_F(FakeDevice, AStepOfEachBaseline) {
  for (const auto kind : {config::ModelKind::seq2seq, config::ModelKind::graph_transformer}) {
    const config::TrainConfig config = baseline_config(kind);
    models::BaselineModel model = models::make_baseline(config, 1);
    model.net->to(device);
    training::BaselineStep step(model, config);
    const training::BaselineBatch batch = baseline_batch(device);
    expect_no_reads(
        std::string(config::to_string(kind)), [&](std::int64_t at) { step.run(batch, at); }, 5);
  }
}

TEST_F(FakeDevice, AStepOfEachStageOfPlus) {
  const PlusInputs inputs;
  models::PlusModel model = models::make_plus(inputs.config, 1);
  model.to(device);
  training::SynthesiserStep sound(model, inputs.config);
  models::SynthesiserBatch sounds = inputs.sounds;
  expect_no_reads(
      "plus, synthesiser",
      [&](std::int64_t at) {
        sounds.pose = training::augmented(inputs.sounds.pose, 1.0);
        sound.run(sounds, inputs.noise, at);
      },
      5);
  training::ControlsStep controls(model, inputs.config);
  models::ControlBatch tokens = inputs.controls;
  for (const bool live : {false, true}) {
    tokens.live = live;
    expect_no_reads(
        live ? "plus, controls, live" : "plus, controls",
        [&](std::int64_t at) { controls.run(tokens, inputs.hidden, at); }, 5);
  }
}

// All codes of a piece are copied to the host together.
TEST_F(FakeDevice, SamplingCodes) {
  const std::int64_t steps = 40;
  const at::Tensor body = at::randn({2, steps, 8});
  const at::Tensor notes = at::randint(0, 129, {2, steps}, at::kLong);
  for (const auto kind : {config::PriorKind::transformer, config::PriorKind::gru}) {
    const config::TrainConfig config = sampled_config(kind);
    models::Model here = models::make_model(config, 1), far = models::make_model(config, 1);
    far.to(device);
    for (const bool cut : {false, true}) {
      const generation::SamplingOptions options{
          .temperature = 0.8, .top_k = cut ? 7 : 0, .top_p = cut ? 0.9 : 1.0, .seed = 3};
      const at::Tensor there_body = there(body), there_notes = there(notes);
      at::Tensor codes;
      Traffic traffic;
      {
        const models::OtherPaths by_torch({.packed_sampling = false});
        take_traffic();
        codes = generation::sample_codes(far, there_body, there_notes, options);
        traffic = take_traffic();
      }
      print(cut ? "sampling 40 codes, cut" : "sampling 40 codes", traffic);
      EXPECT_LE(traffic.read_count(), 1) << text_of(traffic);
      EXPECT_LE(traffic.writes, 8) << text_of(traffic);  // once a piece, not once a code
      EXPECT_TRUE(traffic.mixed.empty()) << text_of(traffic);
      EXPECT_TRUE(codes.equal(generation::sample_codes(here, body, notes, options)));
    }
  }
}

// Few pieces are sampled on the CPU: the host fetches the weights, the body vectors and the notes.
TEST_F(FakeDevice, SamplingAFewPieces) {
  const config::TrainConfig config = sampled_config(config::PriorKind::transformer);
  models::Model here = models::make_model(config, 1), far = models::make_model(config, 1);
  far.to(device);
  for (const std::int64_t pieces : {4, 5}) {
    const at::Tensor body = at::randn({pieces, 20, 8});
    const at::Tensor notes = at::randint(0, 129, {pieces, 20}, at::kLong);
    const at::Tensor there_body = there(body), there_notes = there(notes);
    take_traffic();
    const at::Tensor codes = generation::sample_codes(far, there_body, there_notes, {.seed = 3});
    const Traffic traffic = take_traffic();
    print("sampling " + std::to_string(pieces) + " pieces", traffic);
    EXPECT_EQ(traffic.writes == 0, pieces == 4) << text_of(traffic);
    EXPECT_LE(traffic.read_count(), pieces == 4 ? 4 : 1) << text_of(traffic);
    EXPECT_TRUE(codes.equal(generation::sample_codes(here, body, notes, {.seed = 3})));
  }
}

// plus is sampled on the CPU: the host fetches the weights once, and the conditions of 256 frames
// at a time.
TEST_F(FakeDevice, SamplingControls) {
  const PlusInputs inputs;
  models::PlusModel here = models::make_plus(inputs.config, 1);
  models::PlusModel far = models::make_plus(inputs.config, 1);
  far.to(device);
  const at::Tensor pose = inputs.controls.pose;
  const auto sample = [](models::PlusModel& model, const at::Tensor& poses) {
    return generation::draw_controls(model, generation::players_of(model, poses), {}, {.seed = 3});
  };
  take_traffic();
  const models::ControlTokens tokens = sample(far, pose);
  const Traffic traffic = take_traffic();
  print("sampling controls, " + std::to_string(tokens.pitch.size(1)) + " frames", traffic);
  EXPECT_LE(traffic.read_count(), 40) << text_of(traffic);
  EXPECT_TRUE(traffic.mixed.empty()) << text_of(traffic);
  const models::ControlTokens ours = sample(here, pose.cpu());
  EXPECT_TRUE(tokens.pitch.equal(ours.pitch));
  EXPECT_TRUE(tokens.level.equal(ours.level));
}

}  // namespace
}  // namespace minet::accelerator
