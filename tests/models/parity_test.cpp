// The modules against the independent PyTorch mirror in tests/reference: outputs, losses, codes and
// gradients on small seeded cases.

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include <set>
#include <string>
#include <vector>

#include "minet/models/body_encoder.hpp"
#include "minet/models/content_transformer.hpp"
#include "minet/models/precision.hpp"
#include "minet/models/prior.hpp"
#include "minet/models/vqvae.hpp"
#include "models/support.hpp"
#include "reference/golden.hpp"

namespace minet::models {
namespace {

using reference::agrees;
using reference::Golden;
using reference::set_weights;
using reference::tensors_of;

constexpr double kAverages = 1e-6;

void expect_output(const Golden& golden, const std::string& name, const at::Tensor& ours) {
  EXPECT_TRUE(agrees(name, ours, golden.at(name), kOutput));
}

// Compares every gradient that the case stores; returns how many.
int expect_gradients(const Golden& golden, const std::string& of_case, torch::nn::Module& module,
                     const std::string& prefix) {
  int compared = 0;
  const auto tensors = tensors_of(module, prefix);
  for (const auto& [name, gradient] : golden.under(of_case + ".grad.")) {
    if (name.starts_with("input.")) continue;
    const auto found = tensors.find(name);
    if (found == tensors.end()) {
      ADD_FAILURE() << of_case << ": the module has no parameter " << name;
      continue;
    }
    EXPECT_TRUE(agrees(of_case + ".grad." + name, found->second.grad(), gradient, kGradient));
    ++compared;
  }
  return compared;
}

void expect_input_gradient(const Golden& golden, const std::string& of_case,
                           const std::string& input, const at::Tensor& tensor) {
  const std::string name = of_case + ".grad.input." + input;
  EXPECT_TRUE(agrees(name, tensor.grad(), golden.at(name), kGradient));
}

std::set<std::string> names_of(const std::map<std::string, at::Tensor>& tensors) {
  std::set<std::string> names;
  for (const auto& [name, tensor] : tensors) names.insert(name);
  return names;
}

// The names must be the same on both sides: the golden's weights are the mirror's state_dict.
void expect_names(const Golden& golden, const torch::nn::Module& module, const std::string& prefix,
                  const std::set<std::string>& training_only = {}) {
  std::set<std::string> ours = names_of(tensors_of(module, prefix));
  for (const std::string& name : training_only) ours.erase(name);
  EXPECT_EQ(ours, names_of(golden.under("weights.")));
}

VectorQuantizer quantizer_of(const config::VqVaeConfig& config) {
  VectorQuantizer quantizer(config);
  quantizer->to(test_device());
  return quantizer;
}

at::Tensor leaf(const at::Tensor& tensor) {
  return tensor.clone().requires_grad_(true);
}

TEST(ModelsParity, VqVaeHasTheMirrorsParameterNames) {
  const Golden golden("vqvae");
  const config::TrainConfig config = golden.config();
  const VqVae vqvae(config.vqvae, config.spectrogram.bins);
  expect_names(golden, *vqvae, "vqvae.",
               {"vqvae.quantizer.counts", "vqvae.quantizer.sums", "vqvae.quantizer.started"});
}

TEST(ModelsParity, VqVaeGivesTheMirrorsOutputsLossesCodesAndGradients) {
  const Golden golden("vqvae");
  const config::TrainConfig config = golden.config();
  for (const bool quantise : {false, true}) {
    const std::string of_case = quantise ? "quantised" : "plain";
    SCOPED_TRACE(of_case);
    VqVae vqvae(config.vqvae, config.spectrogram.bins);
    set_weights(*vqvae, "vqvae.", golden);
    vqvae->quantizer->set_started(true);
    const at::Tensor spectrogram = leaf(golden.at("input.spectrogram"));
    const VqVaeOutput out = vqvae->forward(spectrogram, quantise);
    out.loss.backward();
    expect_output(golden, of_case + ".output.reconstruction", out.reconstruction);
    expect_output(golden, of_case + ".output.encoded", out.encoded);
    expect_output(golden, of_case + ".output.reconstruction_loss", out.reconstruction_loss);
    expect_output(golden, of_case + ".output.loss", out.loss);
    if (quantise) {
      expect_output(golden, of_case + ".output.codes", out.codes);
      expect_output(golden, of_case + ".output.commitment_loss", out.commitment_loss);
      EXPECT_TRUE(agrees("encode", vqvae->encode(golden.at("input.spectrogram")),
                         golden.at("quantised.output.codes"), 0));
    }
    expect_input_gradient(golden, of_case, "spectrogram", spectrogram);
    EXPECT_GE(expect_gradients(golden, of_case, *vqvae, "vqvae."), quantise ? 56 : 2);
  }
}

TEST(ModelsParity, VqVaeDecodesCodesAsTheMirror) {
  const Golden golden("vqvae");
  const config::TrainConfig config = golden.config();
  VqVae vqvae(config.vqvae, config.spectrogram.bins);
  set_weights(*vqvae, "vqvae.", golden);
  vqvae->quantizer->set_started(true);
  expect_output(golden, "decode.output.spectrogram",
                vqvae->decode(golden.at("decode.input.codes")));
}

TEST(ModelsParity, ResidualBlocksWithAndWithoutBandsGiveTheMirrorsOutput) {
  const Golden golden("vqvae");
  const config::TrainConfig config = golden.config();
  const std::vector<std::pair<std::string, std::int64_t>> blocks = {
      {"vqvae.encoder.mbr.0", config.vqvae.bands.front()}, {"vqvae.encoder.res.0", 1}};
  for (const auto& [name, bands] : blocks) {
    ResidualBlock block(ResidualBlockConfig{.channels = config.vqvae.channels, .bands = bands});
    set_weights(*block, name + ".", golden);
    expect_output(golden, "block." + name + ".output",
                  block->forward(golden.at("block." + name + ".input")));
  }
}

TEST(ModelsParity, QuantizerFollowsTheMirrorsMovingAverages) {
  const Golden golden("quantizer");
  VectorQuantizer quantizer = quantizer_of(golden.config().vqvae);
  const at::NoGradGuard no_grad;
  quantizer->codes.copy_(golden.at("start.output.codes"));
  quantizer->counts.copy_(golden.at("start.output.counts"));
  quantizer->sums.copy_(golden.at("start.output.sums"));
  quantizer->set_started(true);
  for (int step = 0; step < 4; ++step) {
    const std::string of_step = "update." + std::to_string(step);
    const at::Tensor vectors = golden.at(of_step + ".input.vectors");
    const at::Tensor nearest = quantizer->nearest(vectors);
    EXPECT_TRUE(
        agrees(of_step + ".output.nearest", nearest, golden.at(of_step + ".output.nearest"), 0));
    quantizer->update(vectors, nearest);
    for (const auto& [what, tensor] : {std::pair{".output.counts", quantizer->counts},
                                       {".output.sums", quantizer->sums},
                                       {".output.codes", quantizer->codes}}) {
      EXPECT_TRUE(agrees(of_step + what, tensor, golden.at(of_step + what), kAverages));
    }
  }
}

TEST(ModelsParity, QuantizerRevivesTheCodesThatAreDeadInTheMirrorAndNoOthers) {
  const Golden golden("quantizer");
  config::VqVaeConfig config = golden.config().vqvae;
  config.revive_threshold = golden.at("revive.input.threshold").item<double>();
  VectorQuantizer quantizer = quantizer_of(config);
  const at::NoGradGuard no_grad;
  const at::Tensor before = golden.at("update.3.output.codes");
  quantizer->codes.copy_(before);
  quantizer->counts.copy_(golden.at("update.3.output.counts"));
  quantizer->sums.copy_(golden.at("update.3.output.sums"));
  quantizer->set_started(true);
  const at::Tensor vectors = golden.at("revive.input.vectors");
  const at::Tensor dead = golden.at("revive.output.dead").to(at::kBool);
  EXPECT_EQ(quantizer->revive(vectors, Revival{.seed = 3, .step = 20}).item<std::int64_t>(),
            dead.sum().item<std::int64_t>());
  const at::Tensor changed = (quantizer->codes != before).any(1);
  EXPECT_TRUE(at::equal(changed, dead));
  const double usual = static_cast<double>(vectors.size(0)) / static_cast<double>(config.codes);
  for (std::int64_t code = 0; code < config.codes; ++code) {
    if (!dead[code].item<bool>()) continue;
    EXPECT_TRUE((vectors == quantizer->codes[code]).all(1).any().item<bool>())
        << "code " << code << " is not a vector of the batch";
    EXPECT_NEAR(quantizer->counts[code].item<double>(), usual, 1e-6);
    EXPECT_TRUE(agrees("sums of a revived code", quantizer->sums[code],
                       quantizer->codes[code] * usual, kAverages));
  }
}

TEST(ModelsParity, QuantizerTakesTheLowestIndexOnTiesAsTheMirror) {
  const Golden golden("quantizer");
  VectorQuantizer quantizer = quantizer_of(golden.config().vqvae);
  {
    const at::NoGradGuard no_grad;
    quantizer->codes.copy_(golden.at("ties.input.codes"));
  }
  quantizer->set_started(true);
  expect_output(golden, "ties.output.nearest", quantizer->nearest(golden.at("ties.input.vectors")));
}

TEST(ModelsParity, KmeansStartScalesCountsAndSumsAsTheMirror) {
  const Golden golden("quantizer");
  const config::VqVaeConfig config = golden.config().vqvae;
  const at::Tensor sizes = golden.at("start.input.sizes");
  const at::Tensor centres = golden.at("start.input.centres") * 100;  // far apart: one cluster each
  const at::Tensor vectors = centres.repeat_interleave(sizes, 0);
  VectorQuantizer quantizer = quantizer_of(config);
  quantizer->initialise(vectors, KmeansStart{.seed = 5, .tokens_per_batch = 32, .iterations = 50});
  const at::Tensor nearest =
      quantizer->nearest(centres);  // cluster k of the mirror is code nearest[k]
  ASSERT_EQ(std::get<0>(at::_unique(nearest)).numel(), config.codes);
  EXPECT_TRUE(agrees("codes", quantizer->codes.index_select(0, nearest), centres, kAverages));
  EXPECT_TRUE(agrees("start.output.counts", quantizer->counts.index_select(0, nearest),
                     golden.at("start.output.counts"), kAverages));
  EXPECT_TRUE(agrees("start.output.sums", quantizer->sums.index_select(0, nearest),
                     golden.at("start.output.sums") * 100, kAverages));
}

TEST(ModelsParity, BodyEncoderGivesTheMirrorsVectorAndGradients) {
  const Golden golden("body");
  BodyEncoder body(golden.config().body);
  expect_names(golden, *body, "body.");
  set_weights(*body, "body.", golden);
  const at::Tensor pose = leaf(golden.at("body.input.pose"));
  const at::Tensor h = body->forward(pose);
  (h * golden.at("body.probe.h")).sum().backward();
  expect_output(golden, "body.output.h", h);
  expect_input_gradient(golden, "body", "pose", pose);
  EXPECT_EQ(expect_gradients(golden, "body", *body, "body."), 24);
}

TEST(ModelsParity, ContentTransformerGivesTheMirrorsMemoryAndGradients) {
  const Golden golden("content");
  for (const std::string of_case : {"clip", "moving"}) {
    SCOPED_TRACE(of_case);
    ContentTransformer content(golden.config());
    expect_names(golden, *content, "content.");
    set_weights(*content, "content.", golden);
    const at::Tensor body = leaf(golden.at(of_case + ".input.body"));
    const at::Tensor memory = content->forward(golden.at("input.notes"), body);
    (memory * golden.at(of_case + ".probe.memory")).sum().backward();
    expect_output(golden, of_case + ".output.memory", memory);
    expect_input_gradient(golden, of_case, "body", body);
    EXPECT_EQ(expect_gradients(golden, of_case, *content, "content."), of_case == "clip" ? 29 : 0);
  }
}

struct PriorCase {
  std::string name;
  bool moving = false;   // h changes from step to step
  bool memory = false;   // there are notes
  bool present = false;  // which are hidden from some clips
};
void PrintTo(const PriorCase& c, std::ostream* stream) {
  *stream << c.name;
}

class ModelsParityPrior : public ::testing::TestWithParam<PriorCase> {
 protected:
  ContentInput content(const at::Tensor& memory) const {
    if (!GetParam().memory) return {};
    return {.memory = memory,
            .present = GetParam().present ? golden.at("input.present") : at::Tensor()};
  }
  const Golden golden{"prior"};
};

TEST_P(ModelsParityPrior, GivesTheMirrorsLogitsLossAndGradients) {
  const std::string& name = GetParam().name;
  Prior prior = make_prior(golden.config(name));
  set_weights(*prior, "prior.", golden);
  const at::Tensor codes = golden.at("input.codes");
  const at::Tensor body = leaf(golden.at(GetParam().moving ? "input.moving_body" : "input.body"));
  const at::Tensor memory = leaf(golden.at("input.memory"));
  const at::Tensor logits = prior->forward(codes, body, content(memory));
  (logits * golden.at("probe.logits")).sum().backward();
  expect_output(golden, name + ".output.logits", logits);
  expect_output(golden, name + ".output.cross_entropy",
                at::cross_entropy_loss(logits.flatten(0, 1), codes.flatten()));
  expect_input_gradient(golden, name, "body", body);
  if (GetParam().memory) expect_input_gradient(golden, name, "memory", memory);
  EXPECT_GT(expect_gradients(golden, name, *prior, "prior."), 0);
}

TEST_P(ModelsParityPrior, GivesTheMirrorsLogitsStepByStepWithACache) {
  const std::string& name = GetParam().name;
  Prior prior = make_prior(golden.config(name));
  set_weights(*prior, "prior.", golden);
  prior->eval();
  const at::Tensor codes = golden.at("input.codes");
  const at::Tensor body = golden.at(GetParam().moving ? "input.moving_body" : "input.body");
  PriorCache cache = prior->start(codes.size(0), content(golden.at("input.memory")));
  std::vector<at::Tensor> steps;
  for (std::int64_t t = 0; t < codes.size(1); ++t) {
    steps.push_back(prior->step(cache, t == 0 ? at::Tensor() : codes.select(1, t - 1),
                                GetParam().moving ? body.select(1, t) : body));
  }
  expect_output(golden, name + ".output.logits", at::stack(steps, 1));
}

INSTANTIATE_TEST_SUITE_P(
    , ModelsParityPrior,
    ::testing::Values(PriorCase{.name = "bare"}, PriorCase{.name = "moving", .moving = true},
                      PriorCase{.name = "tied"}, PriorCase{.name = "added", .memory = true},
                      PriorCase{.name = "cross", .memory = true},
                      PriorCase{.name = "both", .memory = true},
                      PriorCase{.name = "cross_present", .memory = true, .present = true},
                      PriorCase{.name = "added_present", .memory = true, .present = true}),
    [](const auto& one) { return one.param.name; });

// With convolutions and matrix products in bfloat16, whose steps are 1/256 of a number.
TEST(ModelsParity, InBf16) {
  const at::Device device = test_device();
  if (!device.is_cuda() && !device.is_cpu()) GTEST_SKIP() << "no autocast on this device";
  const auto expect_near = [](const Golden& golden, const std::string& name,
                              const at::Tensor& ours) {
    EXPECT_TRUE(agrees(name, ours.to(at::kFloat), golden.at(name), 2e-2));
    EXPECT_FALSE(agrees(name, ours.to(at::kFloat), golden.at(name), kOutput)) << "not in bf16";
  };
  const at::NoGradGuard no_grad;
  const AutocastScope bf16(config::Precision::bf16, device);
  {
    const Golden golden("vqvae");
    VqVae vqvae(golden.config().vqvae, golden.config().spectrogram.bins);
    set_weights(*vqvae, "vqvae.", golden);
    const VqVaeOutput out = vqvae->forward(golden.at("input.spectrogram"), /*quantise=*/false);
    expect_near(golden, "plain.output.reconstruction", out.reconstruction);
    expect_near(golden, "plain.output.encoded", out.encoded);
  }
  {
    const Golden golden("content");
    ContentTransformer content(golden.config());
    set_weights(*content, "content.", golden);
    expect_near(golden, "clip.output.memory",
                content->forward(golden.at("input.notes"), golden.at("clip.input.body")));
  }
  const Golden golden("prior");
  for (const std::string name : {"bare", "both"}) {
    Prior prior = make_prior(golden.config(name));
    set_weights(*prior, "prior.", golden);
    const ContentInput content{.memory = name == "bare" ? at::Tensor() : golden.at("input.memory")};
    expect_near(golden, name + ".output.logits",
                prior->forward(golden.at("input.codes"), golden.at("input.body"), content));
  }
}

TEST(ModelsParity, PriorsNamesAreTheMirrors) {
  const Golden golden("prior");
  std::set<std::string> ours;
  for (const std::string of_case : {"both", "tied"}) {
    const Prior prior = make_prior(golden.config(of_case));
    ours.merge(names_of(tensors_of(*prior, "prior.")));
  }
  EXPECT_EQ(ours, names_of(golden.under("weights.")));
}

}  // namespace
}  // namespace minet::models
