// The baselines: against the PyTorch mirror in tests/reference, receptive
// fields, frames generated with a cache, files, and what is refused.
#include "minet/models/baseline.hpp"

#include <filesystem>
#include <set>
#include <string>

#include "minet/config/config.hpp"
#include "minet/core/text.hpp"
#include "minet/models/model.hpp"
#include "minet/pose/skeleton.hpp"
#include "models/graph_network.hpp"
#include "models/support.hpp"
#include "reference/golden.hpp"
#include "support/temp_folder.hpp"

namespace minet::models {
namespace {

namespace fs = std::filesystem;
using reference::agrees;
using reference::Golden;
using reference::set_weights;
using reference::tensors_of;

// As small as small_config: 16 frames per clip, at 250 frames and 94 poses per second.
config::TrainConfig small_baseline(config::ModelKind kind) {
  config::TrainConfig config = small_config();
  config.model.kind = kind;
  config.spectrogram.sample_rate = 4000;
  config.spectrogram.hop = 16;
  config.pose.fps = 94;
  config.data.clip_seconds = 0.0641;
  config.seq2seq = {.hidden = 5, .layers = 2, .dropout = 0.2};
  config.graph_transformer = {.blocks = {4, 4, 6},
                              .temporal_kernel = 3,
                              .width = 16,
                              .layers = 2,
                              .heads = 2,
                              .ffn = 20,
                              .dropout = 0.2};
  return config;
}

std::set<std::string> names_of(const std::map<std::string, at::Tensor>& tensors) {
  std::set<std::string> names;
  for (const auto& [name, tensor] : tensors) names.insert(name);
  return names;
}

void expect_gradients(const Golden& golden, const std::string& prefix, std::size_t count,
                      const std::map<std::string, at::Tensor>& tensors) {
  std::size_t compared = 0;
  for (const auto& [name, gradient] : golden.under(prefix)) {
    if (name.starts_with("input.")) continue;
    ASSERT_TRUE(tensors.contains(name)) << name;
    if (gradient.abs().max().item<double>() < 1e-12) {
      // A bias before a batch normalisation has no effect: its gradient is 0 up to rounding.
      EXPECT_LT(tensors.at(name).grad().abs().max().item<double>(), 1e-5) << name;
    } else {
      EXPECT_TRUE(agrees(prefix + name, tensors.at(name).grad(), gradient, kGradient));
    }
    ++compared;
  }
  EXPECT_EQ(compared, count);
}

class BaselineTest : public ::testing::TestWithParam<config::ModelKind> {
 protected:
  void SetUp() override { at::set_num_threads(1); }

  bool is_graph() const { return GetParam() == config::ModelKind::graph_transformer; }
  BaselineModel make(std::uint64_t seed = 1) const {
    BaselineModel model = make_baseline(small_baseline(GetParam()), seed);
    enlarge(*model.net, seed + 100);
    return model;
  }
  at::Tensor pose = random_tensor({3, 12, 94}, 7);
  at::Tensor target = random_tensor({3, 32, 16}, 8);
  const TempFolder temporary;
  const fs::path& folder = temporary.path();
};

TEST_P(BaselineTest, GivesTheMirrorsFramesGradientsStatisticsAndFeatures) {
  const Golden golden{std::string(config::to_string(GetParam()))};
  BaselineModel model = make_baseline(golden.config(), 1);
  EXPECT_EQ(names_of(baseline_tensors(model)), names_of(golden.under("weights.")));
  set_weights(*model.net, "baseline.", golden);
  model.net->train();
  const at::Tensor x = golden.at("input.pose").clone().requires_grad_(true);
  const at::Tensor y = golden.at("input.target").clone().requires_grad_(true);
  const at::Tensor frames = model.net->forward(x, y);
  (frames * golden.at("train.probe.frames")).sum().backward();
  EXPECT_TRUE(agrees("frames", frames, golden.at("train.output.frames"), kOutput));
  EXPECT_TRUE(agrees("pose gradient", x.grad(), golden.at("train.grad.input.pose"), kGradient));
  EXPECT_TRUE(agrees("target gradient", y.grad(), golden.at("train.grad.input.target"), kGradient));
  const auto tensors = tensors_of(*model.net, "baseline.");
  const std::size_t parameters = model.net->parameters().size();
  expect_gradients(golden, "train.grad.", is_graph() ? parameters - 2 : parameters, tensors);
  config::TrainConfig config = model.config;
  for (const auto loss : {config::FrameLoss::l1, config::FrameLoss::mse}) {
    config.model.frame_loss = loss;
    const std::string name = text("train.output.", config::to_string(loss));
    EXPECT_TRUE(agrees(name, frame_loss(config, frames, golden.at("input.target")), golden.at(name),
                       kOutput));
  }
  for (const auto& [name, buffer] : golden.under("train.buffer.")) {
    EXPECT_TRUE(agrees(name, tensors.at(name), buffer, kOutput));
  }

  const at::Tensor plain = golden.at("input.pose");
  EXPECT_TRUE(
      agrees("feature", model.net->feature(plain), golden.at("eval.output.feature"), kOutput));
  const at::Tensor generated = golden.at("eval.output.generated");
  EXPECT_TRUE(agrees("generated", model.net->generate(plain, generated.size(2)), generated,
                     5 * kOutput));  // a frame's error carries over to the next
  EXPECT_TRUE(model.net->is_training()) << "feature and generate must restore training mode";
  model.net->eval();
  EXPECT_TRUE(agrees("eval frames", model.net->forward(plain, golden.at("input.target")),
                     golden.at("eval.output.frames"), kOutput));
}

TEST_P(BaselineTest, GeneratesWhatItPredictsFromItsOwnFrames) {
  BaselineModel model = make();
  model.net->train();
  for (int i = 0; i < 3; ++i) model.net->forward(pose, target);  // running statistics
  model.net->eval();
  for (const std::int64_t frames : {1, 16, 37}) {  // 37: further than the self-attention reaches
    const at::Tensor generated = model.net->generate(pose, frames);
    ASSERT_EQ(generated.sizes(), at::IntArrayRef({3, 32, frames}));
    EXPECT_LT(largest_difference(model.net->forward(pose, generated), generated), 1e-5);
    EXPECT_GT(generated.std().item<double>(), 0.01);
  }
}

TEST_P(BaselineTest, AFrameSeesThePoseAndEarlierFramesOnly) {
  BaselineModel model = make();
  model.net->eval();
  const at::NoGradGuard no_grad;
  const at::Tensor before = model.net->forward(pose, target);
  at::Tensor changed = target.clone();
  changed.select(2, 9).add_(1);
  const at::Tensor difference =
      (model.net->forward(pose, changed) - before).abs().amax(at::IntArrayRef({0, 1}));
  EXPECT_EQ(difference.narrow(0, 0, 10).max().item<double>(), 0);
  EXPECT_GT(difference.narrow(0, 10, 6).min().item<double>(), 0);
  for (const std::int64_t frame : {0, 11}) {
    at::Tensor moved = pose.clone();
    moved.select(1, frame).add_(1);
    EXPECT_GT((model.net->forward(moved, target) - before)
                  .abs()
                  .amax(at::IntArrayRef({1, 2}))
                  .min()
                  .item<double>(),
              0);
    EXPECT_GT(largest_difference(model.net->feature(moved), model.net->feature(pose)), 0);
  }
}

TEST_P(BaselineTest, GradientsReachEveryParameter) {
  BaselineModel model = make();
  model.net->train();
  frame_loss(model.config, model.net->forward(pose, target), target).backward();
  expect_gradient_everywhere(*model.net);
}

TEST_P(BaselineTest, ItsFeatureHasItsWidthAndDependsOnTheClipAlone) {
  BaselineModel model = make();
  const at::Tensor feature = model.net->feature(pose);
  EXPECT_EQ(feature.sizes(), at::IntArrayRef({3, is_graph() ? 6 : 10}));
  EXPECT_FALSE(feature.requires_grad());
  EXPECT_LT(largest_difference(model.net->feature(pose.narrow(0, 1, 1)), feature.narrow(0, 1, 1)),
            1e-5);
}

TEST_P(BaselineTest, FirstWeightsAreAFunctionOfConfigurationAndSeed) {
  at::manual_seed(1);
  const at::Tensor expected = at::rand({4});
  at::manual_seed(1);
  const auto first = baseline_tensors(make_baseline(small_baseline(GetParam()), 3));
  EXPECT_TRUE(at::rand({4}).equal(expected)) << "torch's own generator was moved";
  const auto second = baseline_tensors(make_baseline(small_baseline(GetParam()), 3));
  const auto other = baseline_tensors(make_baseline(small_baseline(GetParam()), 4));
  for (const auto& [name, tensor] : first) EXPECT_TRUE(tensor.equal(second.at(name))) << name;
  EXPECT_FALSE(first.at("baseline.head.weight").equal(other.at("baseline.head.weight")));
}

TEST_P(BaselineTest, TheCountFromTheConfigurationIsTheCountOfTheNetwork) {
  config::TrainConfig one_layer = small_baseline(GetParam());
  one_layer.seq2seq.layers = 1;
  one_layer.graph_transformer.blocks = {6, 4, 4, 8};  // narrower, too
  for (const auto& config : {small_baseline(GetParam()), one_layer}) {
    std::int64_t count = 0;
    for (const auto& parameter : make_baseline(config, 1).net->parameters()) {
      count += parameter.numel();
    }
    EXPECT_EQ(expected_parameter_counts(config).total(), count);
    EXPECT_EQ(expected_parameter_counts(config).baseline, count);
  }
  config::TrainConfig paper;
  paper.model.kind = GetParam();
  EXPECT_EQ(expected_parameter_counts(paper).total(), is_graph() ? 23240602 : 6974464);
}

TEST_P(BaselineTest, ASavedBaselineLoadsAsItWas) {
  BaselineModel model = make(5);
  model.net->train();
  model.net->forward(pose, target);  // running statistics that differ from their initial values
  model.scale = {.kind = config::LogScale::log1p,
                 .reference = 3,
                 .floor_db = -70,
                 .mean = -0.5,
                 .deviation = 1.0 / 3};
  save_safetensors(folder / "model.safetensors", baseline_state(model));
  EXPECT_EQ(kind_of(folder), GetParam());
  BaselineModel loaded = load_baseline(folder);
  const auto left = baseline_tensors(model), right = baseline_tensors(loaded);
  ASSERT_EQ(names_of(left), names_of(right));
  for (const auto& [name, tensor] : left) EXPECT_TRUE(tensor.equal(right.at(name))) << name;
  EXPECT_TRUE(loaded.config == model.config);
  EXPECT_EQ(loaded.scale.mean, -0.5);
  EXPECT_FALSE(loaded.net->is_training());
  EXPECT_TRUE(loaded.net->generate(pose, 4).equal(model.net->generate(pose, 4)));
  EXPECT_EQ(is_graph(), left.contains("baseline.graph.blocks.1.norm2.running_var"));
}

TEST_P(BaselineTest, StrictLoadingListsEveryMismatchAndChangesNothing) {
  BaselineModel target_model = make(6);
  TensorFile state = baseline_state(make(5));
  state.tensors.erase("baseline.start");
  state.tensors["baseline.head.bias"] = at::zeros({3});
  state.tensors["baseline.more"] = at::zeros({3});
  const std::string message =
      input_error([&] { load_baseline_state(target_model, state, "some.safetensors"); });
  for (const char* part : {"some.safetensors", "3 places", "baseline.start is missing",
                           "baseline.head.bias should be [32] and is [3]",
                           "baseline.more is not part of this model"}) {
    EXPECT_NE(message.find(part), std::string::npos) << part << "\n" << message;
  }
  const auto left = baseline_tensors(target_model), right = baseline_tensors(make(6));
  for (const auto& [name, tensor] : left) EXPECT_TRUE(tensor.equal(right.at(name))) << name;
}

TEST_P(BaselineTest, ABaselineIsNoMinetModelAndTheOtherWayRound) {
  save_safetensors(folder / "model.safetensors", baseline_state(make()));
  EXPECT_NE(input_error([&] { load_model(folder); })
                .find(text("expected a model of the paper's kind, got the baseline ",
                           config::to_string(GetParam()), ", which has no codes")),
            std::string::npos);
  save_safetensors(folder / "model.safetensors", model_state(make_model(small_config(), 1)));
  EXPECT_EQ(kind_of(folder), config::ModelKind::minet);
  EXPECT_NE(input_error([&] { load_baseline(folder); }).find("expected a baseline, got a minet"),
            std::string::npos);
  EXPECT_NE(input_error([&] { make_baseline(small_config(), 1); }).find("model.kind"),
            std::string::npos);
}

TEST_P(BaselineTest, AConfigurationFarLargerThanTheFileBuildsNothing) {
  TensorFile state = baseline_state(make());
  config::TrainConfig huge = small_baseline(GetParam());
  huge.seq2seq.hidden = 4096;
  huge.graph_transformer.ffn = 65536;
  huge.graph_transformer.blocks = {4096, 4096};
  state.metadata["config"] = config::to_yaml(huge);
  save_safetensors(folder / "model.safetensors", state);
  EXPECT_NE(input_error([&] { load_baseline(folder); }).find("but it holds only"),
            std::string::npos);
}

TEST_P(BaselineTest, WrongShapesGetASentence) {
  BaselineModel model = make();
  const auto says = [](const std::function<void()>& work, const char* part) {
    const std::string message = input_error(work);
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  says([&] { model.net->forward(pose.narrow(2, 0, 93), target); }, "keypoints [B, P, 94]");
  says([&] { model.net->forward(pose, target.narrow(1, 0, 31)); }, "expected frames [3, 32, T]");
  says([&] { model.net->forward(pose.narrow(0, 0, 2), target); }, "expected frames [2, 32, T]");
  says([&] { model.net->generate(pose, 0); }, "at least 1 frame");
  says([&] { model.net->feature(pose[0]); }, "keypoints [B, P, 94]");
}

INSTANTIATE_TEST_SUITE_P(, BaselineTest,
                         ::testing::Values(config::ModelKind::seq2seq,
                                           config::ModelKind::graph_transformer),
                         [](const auto& one) { return std::string(config::to_string(one.param)); });

TEST(GraphNetworkTest, PartitionsAreThoseOfAnIndependentComputation) {
  const Golden golden("graph_transformer");
  at::Tensor expected = at::zeros({3, 47, 47});
  expected.index_put_(
      {golden.at("partitions.index").select(1, 0), golden.at("partitions.index").select(1, 1),
       golden.at("partitions.index").select(1, 2)},
      golden.at("partitions.value"));
  EXPECT_LT(largest_difference(skeleton_partitions(), expected), 1e-7);
}

TEST(GraphNetworkTest, PartitionsAreTheSkeletonsNeighboursByTheirDistanceFromTheNeck) {
  const at::Tensor partitions = skeleton_partitions();
  EXPECT_EQ(partitions.ne(0).sum().item<std::int64_t>(), 47 + 2 * 46);
  // Columns sum to 1: joint w gets the mean of its neighbours and itself.
  EXPECT_LT(largest_difference(partitions.sum(at::IntArrayRef({0, 1})), at::ones({47})), 1e-6);
  using pose::kRightElbow, pose::kRightShoulder, pose::kNeck;
  const auto share = [&](int partition, int from, int to) {
    return partitions[partition][from][to].item<float>();
  };
  EXPECT_FLOAT_EQ(share(1, kNeck, kRightShoulder), 1.0F / 3);           // centripetal
  EXPECT_FLOAT_EQ(share(2, kRightElbow, kRightShoulder), 1.0F / 3);     // centrifugal
  EXPECT_FLOAT_EQ(share(0, kRightShoulder, kRightShoulder), 1.0F / 3);  // itself
  EXPECT_FLOAT_EQ(share(2, kNeck, kRightShoulder), 0);
  EXPECT_FLOAT_EQ(share(0, kNeck, kNeck), 1.0F / 3);  // two shoulders and itself
}

TEST(NoMbrTest, PlainConvolutionsHaveTheSizeOfThePage) {
  config::TrainConfig paper;
  paper.vqvae.bands = {1, 1, 1, 1};
  EXPECT_EQ(expected_parameter_counts(paper).vqvae, 22296640);
  EXPECT_EQ(parameter_counts(make_model(paper, 1)).vqvae, 22296640);
}

}  // namespace
}  // namespace minet::models
