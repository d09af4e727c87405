// A recorded training step repeats what the same step does operation by operation.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "accelerator/batches.hpp"
#include "accelerator/fake_device.hpp"
#include "minet/core/errors.hpp"
#include "minet/generation/sampling.hpp"
#include "minet/models/baseline.hpp"
#include "minet/models/device_graph.hpp"
#include "minet/models/model.hpp"
#include "minet/models/plus.hpp"
#include "minet/training/plus_steps.hpp"
#include "minet/training/steps.hpp"
#include "models/cpu/compute_paths.hpp"
#include "training/recorded.hpp"

namespace minet::accelerator {
namespace {

using Losses = std::vector<float>;

class Graphs : public OnDevice {
 protected:
  // Trains twice, with and without recording. Losses and weights must be equal to the last bit. On
  // a GPU, sums have no fixed order, and weights with gradients near 0 follow their rounding: there
  // the losses must be nearly equal. `train(config, losses)` returns the model's tensors.
  template <class Train>
  void expect_equal(const std::string& what, config::TrainConfig config, const Train& train) {
    std::map<std::string, at::Tensor> weights[2];
    Losses losses[2];
    std::int64_t launches[2];
    for (const bool recorded : {false, true}) {
      config.run.cuda_graphs = recorded;
      at::manual_seed(1);
      weights[recorded] = train(config, losses[recorded]);
      launches[recorded] = launches_of_last_;
    }
    std::cout << what << ": launches per step: " << launches[0] << ", repeated: " << launches[1]
              << '\n';
    const double close = is_fake() ? 0 : 1e-2;
    for (std::size_t i = 0; i < losses[0].size(); ++i) {
      EXPECT_NEAR(losses[0][i], losses[1].at(i), close * std::abs(losses[0][i])) << "step " << i;
    }
    EXPECT_NE(losses[0].front(), losses[0].back());
    if (!is_fake()) return;
    ASSERT_EQ(weights[0].size(), weights[1].size());
    for (const auto& [name, tensor] : weights[0]) {
      EXPECT_TRUE(at::equal(tensor.cpu(), weights[1].at(name).cpu())) << name;
    }
    EXPECT_LT(10 * launches[1], launches[0]);
  }

  // Runs `step(i)`, which returns a loss, ten times; the first `waiting` may make the host wait.
  template <class Step>
  void run(Losses& losses, const Step& step, std::int64_t waiting = 0) {
    for (std::int64_t i = 0; i < 10; ++i) {
      take_traffic();
      const at::Tensor loss = step(i);
      const Traffic traffic = take_traffic();
      if (i >= waiting) {
        EXPECT_EQ(traffic.read_count(), 0);
      }
      launches_of_last_ = traffic.launches;
      losses.push_back(loss.item<float>());
    }
  }

  std::int64_t launches_of_last_ = 0;
};

TEST_F(Graphs, VqVae) {
  config::TrainConfig config = trained_config();
  config.vqvae.revive_every = 3;  // not recorded, and not at the last step
  std::vector<at::Tensor> batches;
  for (int i = 0; i < 10; ++i) batches.push_back(there(at::randn({4, 32, 20})));
  const at::Tensor vectors = there(at::randn({64, config.vqvae.code_width}));
  expect_equal("VQ-VAE", config, [&](const config::TrainConfig& given, Losses& losses) {
    models::Model model = models::make_model(given, 1);
    model.to(device);
    training::VqVaeStep step(model, given);
    step.start_codebook(vectors);
    run(losses,
        [&](std::int64_t i) { return step.run(batches[static_cast<std::size_t>(i)], i).loss; });
    return models::model_tensors(model);
  });
}

// The stage without a codebook is recorded for itself.
TEST_F(Graphs, VqVaeWithPlainSteps) {
  config::TrainConfig config = trained_config();
  config.vqvae.plain_steps = 5;
  config.vqvae.revive_every = 3;
  const at::Tensor batch = there(at::randn({4, 32, 20}));
  const at::Tensor vectors = there(at::randn({64, config.vqvae.code_width}));
  expect_equal("VQ-VAE from plain steps on", config,
               [&](const config::TrainConfig& given, Losses& losses) {
                 models::Model model = models::make_model(given, 1);
                 model.to(device);
                 training::VqVaeStep step(model, given);
                 run(
                     losses,
                     [&](std::int64_t i) {
                       if (i == 5) step.start_codebook(vectors);
                       return step.run(batch, i).loss;
                     },
                     /*waiting=*/6);  // for k-means, and to ask whether it has been done
                 return models::model_tensors(model);
               });
}

TEST_F(Graphs, Prior) {
  for (const auto kind : {config::PriorKind::transformer, config::PriorKind::gru}) {
    config::TrainConfig config = trained_config();  // with dropout
    config.prior.kind = kind;
    std::vector<models::PriorBatch> batches;
    for (int i = 0; i < 10; ++i) batches.push_back(prior_batch(device));
    expect_equal(kind == config::PriorKind::gru ? "GRU prior" : "prior", config,
                 [&](const config::TrainConfig& given, Losses& losses) {
                   models::Model model = models::make_model(given, 1);
                   model.to(device);
                   training::PriorStep step(model, given);
                   run(losses, [&](std::int64_t i) {
                     return step.run(batches[static_cast<std::size_t>(i)], i).loss;
                   });
                   return models::model_tensors(model);
                 });
  }
}

TEST_F(Graphs, Baselines) {
  for (const auto kind : {config::ModelKind::seq2seq, config::ModelKind::graph_transformer}) {
    const training::BaselineBatch batch = baseline_batch(device);
    expect_equal(std::string(config::to_string(kind)), baseline_config(kind),
                 [&](const config::TrainConfig& given, Losses& losses) {
                   models::BaselineModel model = models::make_baseline(given, 1);
                   model.net->to(device);
                   training::BaselineStep step(model, given);
                   run(losses, [&](std::int64_t i) { return step.run(batch, i).loss; });
                   return models::baseline_state(model).tensors;
                 });
  }
}

TEST_F(Graphs, Plus) {
  const PlusInputs inputs;
  expect_equal("plus, synthesiser", inputs.config,
               [&](const config::TrainConfig& given, Losses& losses) {
                 models::PlusModel model = models::make_plus(given, 1);
                 model.to(device);
                 training::SynthesiserStep step(model, given);
                 models::SynthesiserBatch batch = inputs.sounds;
                 run(losses, [&](std::int64_t i) {
                   batch.pose = training::augmented(inputs.sounds.pose, 1.0);
                   return step.run(batch, inputs.noise, i).loss;
                 });
                 return models::plus_tensors(model);
               });
  // Steps of two variants in turn, each with its own recording.
  expect_equal("plus, controls", inputs.config,
               [&](const config::TrainConfig& given, Losses& losses) {
                 models::PlusModel model = models::make_plus(given, 1);
                 model.to(device);
                 training::ControlsStep step(model, given);
                 models::ControlBatch batch = inputs.controls;
                 run(losses, [&](std::int64_t i) {
                   batch.live = i % 2 == 1;
                   return step.run(batch, inputs.hidden, i).loss;
                 });
                 return models::plus_tensors(model);
               });
}

// Sampled codes and generated frames, with a step recorded and without: equal, also on a GPU, where
// the same kernels run.
class RepeatedSteps : public Graphs {
 protected:
  // `generate` returns what `steps` steps give.
  template <class Generate>
  void expect_same(const std::string& what, std::int64_t steps, const Generate& generate) {
    std::int64_t launches[2];
    at::Tensor results[2];
    for (const bool recorded : {false, true}) {
      models::DeviceGraphMaker usual;
      if (!recorded) usual = models::set_device_graph_maker(device.type(), no_graphs);
      take_traffic();
      results[recorded] = generate().cpu();
      launches[recorded] = take_traffic().launches;
      if (!recorded) models::set_device_graph_maker(device.type(), usual);
    }
    EXPECT_TRUE(results[0].equal(results[1]));
    std::cout << what << ": launches per step: " << launches[0] / steps
              << ", repeated: " << static_cast<double>(launches[1]) / static_cast<double>(steps)
              << '\n';
    if (is_fake()) {
      EXPECT_LT(2 * launches[1], launches[0]);  // a GRU also encodes notes, step by step
    }
  }
  static std::unique_ptr<models::DeviceGraph> no_graphs(const at::Device&) { return nullptr; }
};

TEST_F(RepeatedSteps, Codes) {
  const models::OtherPaths by_torch({.packed_sampling = false});
  const std::int64_t steps = 60;
  for (const auto kind : {config::PriorKind::transformer, config::PriorKind::gru}) {
    models::Model model = models::make_model(sampled_config(kind), 1);
    model.to(device);
    const at::Tensor body = there(at::randn({3, steps, 8}));
    const at::Tensor notes = there(at::randint(0, 129, {3, steps}, at::kLong));
    for (const bool with_notes : {false, true}) {
      const std::string what = kind == config::PriorKind::gru ? "codes, GRU" : "codes";
      expect_same(what + (with_notes ? ", with notes" : ""), steps, [&] {
        return generation::sample_codes(model, body, with_notes ? notes : at::Tensor(),
                                        {.temperature = 0.8, .top_k = 9, .top_p = 0.9, .seed = 3});
      });
    }
  }
}

TEST_F(RepeatedSteps, Baselines) {
  for (const auto kind : {config::ModelKind::seq2seq, config::ModelKind::graph_transformer}) {
    models::BaselineModel model = models::make_baseline(baseline_config(kind), 1);
    model.net->to(device);
    const at::Tensor pose = baseline_batch(device).pose;
    expect_same(std::string(config::to_string(kind)), 60,
                [&] { return model.net->generate(pose, 60); });
  }
}

TEST_F(RepeatedSteps, GoOnWithoutARecording) {
  if (!is_fake()) GTEST_SKIP() << "a GPU's stream would be of no use to the tests after this";
  at::Tensor sum = there(at::zeros({}));
  models::repeat(device, 9, [&] { sum.add_(1 + 0 * sum.item<float>()); });
  EXPECT_EQ(sum.item<float>(), 9);
}

// A value that the host computes for each step stays what it was when the step was recorded. If
// there were one, the tests above would fail.
TEST_F(Graphs, RepeatWhatTheHostComputed) {
  if (device.is_cpu()) GTEST_SKIP();
  training::Recorded<at::Tensor> recorded(true);
  at::Tensor sum = there(at::zeros({}));
  const at::Tensor one = there(at::ones({}));
  for (int i = 0; i < 6; ++i) {
    at::Tensor input = one;
    recorded.run({.inputs = {&input}}, [&] { return sum.add_(input, i); });
  }
  EXPECT_EQ(sum.item<float>(), 0 + 1 + 2 + 3 + 3 + 3);
}

TEST_F(Graphs, RefuseWhatTheHostWaitsFor) {
  if (!is_fake()) GTEST_SKIP() << "a GPU's stream would be of no use to the tests after this";
  training::Recorded<double> recorded(true);
  const auto run = [&] {
    at::Tensor input = there(at::ones({}));
    return recorded.run({.inputs = {&input}}, [&] { return input.item<double>(); });
  };
  for (int i = 0; i < models::kRunsBeforeRecording; ++i) EXPECT_EQ(run(), 1);
  EXPECT_THROW(run(), WorkError);
}

TEST(GraphsOnTheCpu, AreNotMade) {
  EXPECT_EQ(models::make_device_graph(at::kCPU), nullptr);
}

}  // namespace
}  // namespace minet::accelerator
