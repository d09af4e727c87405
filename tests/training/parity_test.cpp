// Ten training steps of each stage against the independent PyTorch mirror in tests/reference:
// losses, gradient norms, learning rates, codes, and the weights and the codebook at the end.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <set>
#include <string>

#include "minet/models/model.hpp"
#include "minet/training/steps.hpp"
#include "models/cpu/compute_paths.hpp"
#include "reference/golden.hpp"

namespace minet::training {
namespace {

using reference::agrees;
using reference::Golden;
using reference::set_weights;

constexpr double kLoss = 1e-4;     // absolute, nats or units of variance
constexpr double kNorm = 1e-4;     // relative
constexpr double kWeights = 2e-4;  // of the largest entry; the mirror in float stays within 1e-4
// Winograd's convolutions have three times the rounding error, and AdamW moves a weight whose
// gradient is almost 0 by that error. So with them a few weights may be further off, none far.
constexpr double kFewWeights = 0.002;  // share of all
constexpr double kFarWeights = 5e-3;   // of the largest entry
constexpr std::int64_t kBatches = 3;

double entry(const Golden& golden, const std::string& name, std::int64_t step) {
  return golden.at(name)[step].item<double>();
}

void expect_close(const std::string& what, std::int64_t step, double ours, double golden,
                  double allowed) {
  EXPECT_LE(std::abs(ours - golden), allowed)
      << what << " of step " << step << ": " << ours << " in C++, " << golden << " in PyTorch"
      << reference::kRegenerate;
}

// Compares every final weight that the golden stores; a model's file does not hold `averages`.
void expect_final(const Golden& golden, const std::string& prefix, const models::Model& model,
                  double within, const std::set<std::string>& averages = {}) {
  const auto tensors = models::model_tensors(model);
  const auto finals = golden.under(prefix);
  EXPECT_GT(finals.size(), averages.size());
  for (const auto& [name, weight] : finals) {
    if (averages.count(name) > 0) continue;
    const auto found = tensors.find(name);
    if (found == tensors.end()) {
      ADD_FAILURE() << "the model has no tensor " << name << reference::kRegenerate;
      continue;
    }
    EXPECT_TRUE(agrees(prefix + name, found->second, weight, within));
  }
}

// The share of the golden's final weights from which the model's differ by more than kWeights.
double share_beyond(const Golden& golden, const std::string& prefix, const models::Model& model) {
  const auto tensors = models::model_tensors(model);
  std::int64_t beyond = 0, all = 0;
  for (const auto& [name, weight] : golden.under(prefix)) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) continue;
    const double allowed = kWeights * weight.abs().max().item<double>();
    const at::Tensor off = (found->second.to(at::kDouble) - weight.to(at::kDouble)).abs();
    beyond += off.gt(allowed).sum().item<std::int64_t>();
    all += weight.numel();
  }
  return static_cast<double>(beyond) / static_cast<double>(all);
}

// With LibTorch's operators alone, and with the fast CPU training paths.
class TrainingParityVqVae : public ::testing::TestWithParam<bool> {
  const models::OtherPaths paths_{
      {.instructions = models::available_instruction_sets().back(), .fast_training = GetParam()}};
};

INSTANTIATE_TEST_SUITE_P(Paths, TrainingParityVqVae, ::testing::Bool(),
                         [](const auto& one) { return one.param ? "fast" : "torch"; });

TEST_P(TrainingParityVqVae, TenStepsFollowTheMirror) {
  const double weights_within = GetParam() ? kFarWeights : kWeights;
  const Golden golden("train_vqvae");
  const Golden weights("vqvae");
  const config::TrainConfig config = golden.config();
  models::Model model = models::make_model(config, 1);
  set_weights(*model.vqvae, "vqvae.", weights);
  model.train();
  VqVaeStep stage(model, config);
  const models::VectorQuantizer& quantizer = model.vqvae->quantizer;
  for (std::int64_t step = 0; step < config.vqvae_training.steps; ++step) {
    if (step == config.vqvae.plain_steps) {
      // k-means is not compared here: the codebook starts where the mirror's did.
      stage.start_codebook(at::randn({config.vqvae.kmeans_vectors, config.vqvae.code_width},
                                     quantizer->codes.options()));
      const at::NoGradGuard no_grad;
      quantizer->codes.copy_(golden.at("start.codes"));
      quantizer->counts.copy_(golden.at("start.counts"));
      quantizer->sums.copy_(golden.at("start.sums"));
    }
    const std::string batch = "batch." + std::to_string(step % kBatches) + ".spectrogram";
    const VqVaeReport report = stage.run(golden.at(batch), step);
    expect_close("loss", step, report.loss.item<double>(), entry(golden, "steps.loss", step),
                 kLoss);
    expect_close("reconstruction", step, report.reconstruction.item<double>(),
                 entry(golden, "steps.reconstruction", step), kLoss);
    expect_close("commitment", step,
                 report.commitment.defined() ? report.commitment.item<double>() : 0,
                 entry(golden, "steps.commitment", step), kLoss);
    const double norm = entry(golden, "steps.gradient_norm", step);
    expect_close("gradient norm", step, report.gradient_norm.item<double>(), norm, kNorm * norm);
    const double rate = entry(golden, "steps.learning_rate", step);
    expect_close("learning rate", step, report.learning_rate, rate, 1e-6 * rate);
    const std::string codes = "step." + std::to_string(step) + ".codes";
    EXPECT_EQ(report.codes.defined(), golden.has(codes)) << codes;
    if (golden.has(codes)) {
      EXPECT_TRUE(agrees(codes, report.codes, golden.at(codes), 0));
    }
    EXPECT_FALSE(report.revived.defined() && report.revived.item<std::int64_t>() > 0);
  }
  expect_final(golden, "final.", model, weights_within,
               {"vqvae.quantizer.counts", "vqvae.quantizer.sums"});
  EXPECT_LE(share_beyond(golden, "final.", model), kFewWeights);
  EXPECT_TRUE(agrees("final counts", quantizer->counts, golden.at("final.vqvae.quantizer.counts"),
                     weights_within));
  EXPECT_TRUE(agrees("final sums", quantizer->sums, golden.at("final.vqvae.quantizer.sums"),
                     weights_within));
}

class TrainingParityPrior : public ::testing::TestWithParam<std::string> {};

TEST_P(TrainingParityPrior, TenStepsFollowTheMirror) {
  const std::string& name = GetParam();
  const bool gru = name == "gru";
  const Golden golden(gru ? "train_gru_seq2seq" : "train_prior");
  const config::TrainConfig config = golden.config(name);
  models::Model model = models::make_model(config, 1);
  set_weights(*model.body, "body.", Golden("body"));
  set_weights(*model.prior, "prior.", Golden(gru ? "gru_seq2seq" : "prior"));
  if (config.content.enabled) {
    set_weights(*model.content, "content.", Golden(gru ? "gru_seq2seq" : "content"));
  }
  model.train();
  PriorStep stage(model, config);
  for (std::int64_t step = 0; step < config.prior_training.steps; ++step) {
    const std::string of_batch = "batch." + std::to_string(step % kBatches) + ".";
    models::PriorBatch batch;
    batch.codes = golden.at(of_batch + "codes");
    batch.pose = golden.at(of_batch + "pose");
    if (config.content.enabled) {
      batch.notes = golden.at(of_batch + "notes");
      batch.notes_present = golden.at(of_batch + "notes_present");
    }
    const PriorReport report = stage.run(batch, step);
    const std::string steps = name + ".steps.";
    expect_close("loss", step, report.loss.item<double>(), entry(golden, steps + "loss", step),
                 kLoss);
    const double norm = entry(golden, steps + "gradient_norm", step);
    expect_close("gradient norm", step, report.gradient_norm.item<double>(), norm, kNorm * norm);
    const double rate = entry(golden, steps + "learning_rate", step);
    expect_close("learning rate", step, report.learning_rate, rate, 1e-6 * rate);
  }
  expect_final(golden, name + ".final.", model, kWeights);
}

INSTANTIATE_TEST_SUITE_P(, TrainingParityPrior, ::testing::Values("bare", "added", "cross", "gru"),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace minet::training
