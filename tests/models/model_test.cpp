// Whole models: names, initial weights, files, strict loading, parameter counts.
#include "minet/models/model.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "minet/config/config.hpp"
#include "minet/core/text.hpp"
#include "models/support.hpp"
#include "support/temp_folder.hpp"

namespace minet::models {
namespace {

namespace fs = std::filesystem;

class ModelTest : public ::testing::Test {
 protected:
  TempFolder temporary;
  fs::path folder = temporary.path();
};

void expect_same_weights(const Model& a, const Model& b) {
  const auto left = model_tensors(a), right = model_tensors(b);
  ASSERT_EQ(left.size(), right.size());
  for (const auto& [name, tensor] : left) EXPECT_TRUE(tensor.equal(right.at(name))) << name;
}

TEST_F(ModelTest, ItsNamesAreTheFileFormat) {
  config::TrainConfig config = small_config();
  config.vqvae.bands = {2};
  config.body.layers = 1;
  config.prior.layers = 1;
  config.content.layers = 1;
  std::string names;
  for (const auto& [name, tensor] : model_tensors(make_model(config, 1))) {
    names += text(name, " ", tensor.sizes(), "\n");
  }
  EXPECT_EQ(names, R"(body.gru.bias_hh_l0 [12]
body.gru.bias_hh_l0_reverse [12]
body.gru.bias_ih_l0 [12]
body.gru.bias_ih_l0_reverse [12]
body.gru.weight_hh_l0 [12, 4]
body.gru.weight_hh_l0_reverse [12, 4]
body.gru.weight_ih_l0 [12, 94]
body.gru.weight_ih_l0_reverse [12, 94]
content.blocks.0.attention.out.bias [16]
content.blocks.0.attention.out.weight [16, 16]
content.blocks.0.attention.qkv.bias [48]
content.blocks.0.attention.qkv.weight [48, 16]
content.blocks.0.down.bias [16]
content.blocks.0.down.weight [16, 20]
content.blocks.0.norm1.bias [16]
content.blocks.0.norm1.weight [16]
content.blocks.0.norm2.bias [16]
content.blocks.0.norm2.weight [16]
content.blocks.0.up.bias [20]
content.blocks.0.up.weight [20, 16]
content.embedding.weight [129, 8]
content.fc.bias [16]
content.fc.weight [16, 16]
content.norm_out.bias [16]
content.norm_out.weight [16]
prior.blocks.0.attention.out.bias [16]
prior.blocks.0.attention.out.weight [16, 16]
prior.blocks.0.attention.qkv.bias [48]
prior.blocks.0.attention.qkv.weight [48, 16]
prior.blocks.0.cross.kv.bias [32]
prior.blocks.0.cross.kv.weight [32, 16]
prior.blocks.0.cross.out.bias [16]
prior.blocks.0.cross.out.weight [16, 16]
prior.blocks.0.cross.q.bias [16]
prior.blocks.0.cross.q.weight [16, 16]
prior.blocks.0.down.bias [16]
prior.blocks.0.down.weight [16, 24]
prior.blocks.0.norm1.bias [16]
prior.blocks.0.norm1.weight [16]
prior.blocks.0.norm2.bias [16]
prior.blocks.0.norm2.weight [16]
prior.blocks.0.norm_cross.bias [16]
prior.blocks.0.norm_cross.weight [16]
prior.blocks.0.up.bias [24]
prior.blocks.0.up.weight [24, 16]
prior.embedding.weight [24, 8]
prior.head.weight [24, 16]
prior.norm_out.bias [16]
prior.norm_out.weight [16]
prior.start [8]
vqvae.decoder.head.bias [32]
vqvae.decoder.head.weight [32, 16, 3]
vqvae.decoder.mbr.0.conv1.bias [16]
vqvae.decoder.mbr.0.conv1.weight [16, 8, 3]
vqvae.decoder.mbr.0.conv2.bias [16]
vqvae.decoder.mbr.0.conv2.weight [16, 8, 3]
vqvae.decoder.res.0.conv1.bias [16]
vqvae.decoder.res.0.conv1.weight [16, 16, 3]
vqvae.decoder.res.0.conv2.bias [16]
vqvae.decoder.res.0.conv2.weight [16, 16, 3]
vqvae.decoder.stem.bias [16]
vqvae.decoder.stem.weight [16, 8, 3]
vqvae.encoder.head.bias [8]
vqvae.encoder.head.weight [8, 16, 3]
vqvae.encoder.mbr.0.conv1.bias [16]
vqvae.encoder.mbr.0.conv1.weight [16, 8, 3]
vqvae.encoder.mbr.0.conv2.bias [16]
vqvae.encoder.mbr.0.conv2.weight [16, 8, 3]
vqvae.encoder.res.0.conv1.bias [16]
vqvae.encoder.res.0.conv1.weight [16, 16, 3]
vqvae.encoder.res.0.conv2.bias [16]
vqvae.encoder.res.0.conv2.weight [16, 16, 3]
vqvae.encoder.stem.bias [16]
vqvae.encoder.stem.weight [16, 32, 3]
vqvae.quantizer.codes [24, 8]
)");
}

TEST_F(ModelTest, ATiedHeadHasToCodeAndABiasInsteadOfAHead) {
  config::TrainConfig config = small_config();
  config.prior.head = config::PriorHead::tied;
  config.content.alignment = config::Alignment::added;
  const auto tensors = model_tensors(make_model(config, 1));
  EXPECT_TRUE(tensors.contains("prior.to_code.weight"));
  EXPECT_TRUE(tensors.contains("prior.to_code.bias"));
  EXPECT_EQ(tensors.at("prior.head_bias").sizes(), at::IntArrayRef({24}));
  EXPECT_FALSE(tensors.contains("prior.head.weight"));
  EXPECT_FALSE(tensors.contains("prior.blocks.0.cross.q.weight"));
  EXPECT_FALSE(tensors.contains("prior.blocks.0.norm_cross.weight"));
}

TEST_F(ModelTest, FirstWeightsAreAFunctionOfConfigurationAndSeed) {
  at::manual_seed(1);
  const at::Tensor expected = at::rand({4});
  at::manual_seed(1);
  const Model first = make_model(small_config(), 11);
  EXPECT_TRUE(at::rand({4}).equal(expected)) << "torch's own generator was moved";
  const Model second = make_model(small_config(), 11);
  expect_same_weights(first, second);
  const Model other = make_model(small_config(), 12);
  for (const char* name : {"vqvae.encoder.stem.weight", "body.gru.weight_ih_l0", "prior.start",
                           "content.fc.weight", "vqvae.quantizer.codes"}) {
    EXPECT_FALSE(model_tensors(first).at(name).equal(model_tensors(other).at(name))) << name;
  }
}

TEST_F(ModelTest, FirstWeightsHaveTheSpreadOfThePage) {
  const auto tensors = model_tensors(make_model(config::TrainConfig{}, 1));
  const auto deviation = [&](const char* name) { return tensors.at(name).std().item<double>(); };
  const auto largest = [&](const char* name) {
    return tensors.at(name).abs().max().item<double>();
  };
  EXPECT_NEAR(deviation("prior.blocks.0.attention.qkv.weight"), 0.02, 0.001);
  EXPECT_NEAR(deviation("prior.blocks.1.attention.out.weight"), 0.01, 0.0005);
  EXPECT_NEAR(deviation("prior.blocks.1.cross.out.weight"), 0.01, 0.0005);
  EXPECT_NEAR(deviation("content.blocks.1.down.weight"), 0.01, 0.0005);
  EXPECT_NEAR(deviation("prior.embedding.weight"), 0.02, 0.001);
  EXPECT_EQ(largest("prior.blocks.0.up.bias"), 0);
  EXPECT_TRUE(tensors.at("content.norm_out.weight").eq(1).all().item<bool>());
  const double conv = 1 / std::sqrt(3.0 * 32);  // fan-in of a band of 512 / 16 channels
  EXPECT_LE(largest("vqvae.encoder.mbr.0.conv1.weight"), conv);
  EXPECT_GT(largest("vqvae.encoder.mbr.0.conv1.weight"), 0.99 * conv);
  EXPECT_GT(largest("vqvae.encoder.mbr.0.conv1.bias"), 0.9 * conv);
  EXPECT_LE(largest("body.gru.weight_ih_l0"), 1 / std::sqrt(32.0));
  EXPECT_GT(largest("body.gru.bias_hh_l2_reverse"), 0.9 / std::sqrt(32.0));
}

TEST_F(ModelTest, ThePaperPresetHasThePapersSize) {
  const config::TrainConfig paper;
  const Model model = make_model(paper, 1);
  const ParameterCounts counts = parameter_counts(model);
  EXPECT_EQ(counts.vqvae, 12662848);
  EXPECT_EQ(counts.body, 62208);
  EXPECT_EQ(counts.prior, 726080);
  EXPECT_EQ(counts.content, 421568);
  EXPECT_EQ(parameter_count(model), counts.total());
  const std::string table = parameter_table(counts);
  EXPECT_NE(table.find("12662848"), std::string::npos) << table;
}

TEST_F(ModelTest, TheCountFromTheConfigurationIsTheCountOfTheModel) {
  std::vector<config::TrainConfig> configs(7, small_config());
  configs[1].prior.head = config::PriorHead::tied;
  configs[2].content.enabled = false;
  configs[3].content.alignment = config::Alignment::added;
  configs[4].body.layers = 1;
  configs[4].vqvae.bands = {};
  configs[4].vqvae.residual_blocks = 3;
  configs[5].prior.kind = configs[6].prior.kind = config::PriorKind::gru;
  configs[6].content.alignment = config::Alignment::added;
  for (const config::TrainConfig& config : configs) {
    const ParameterCounts built = parameter_counts(make_model(config, 1));
    const ParameterCounts expected = expected_parameter_counts(config);
    EXPECT_EQ(built.vqvae, expected.vqvae);
    EXPECT_EQ(built.body, expected.body);
    EXPECT_EQ(built.prior, expected.prior);
    EXPECT_EQ(built.content, expected.content);
  }
}

TEST_F(ModelTest, ASavedModelLoadsAsItWas) {
  Model model = make_model(small_config(), 5);
  model.scale = {.kind = config::LogScale::log1p,
                 .reference = 123.45678901234567,
                 .floor_db = -72.5,
                 .mean = -0.1,
                 .deviation = 1.0 / 3};
  model.prior_trained = true;
  model.vqvae->quantizer->set_started(true);
  save_safetensors(folder / "model.safetensors", model_state(model));
  for (const fs::path& path : {folder, folder / "model.safetensors"}) {
    const Model loaded = load_model(path);
    expect_same_weights(model, loaded);
    EXPECT_EQ(config::to_yaml(loaded.config), config::to_yaml(model.config));
    EXPECT_EQ(loaded.scale.kind, model.scale.kind);
    EXPECT_EQ(loaded.scale.reference, model.scale.reference);
    EXPECT_EQ(loaded.scale.floor_db, model.scale.floor_db);
    EXPECT_EQ(loaded.scale.mean, model.scale.mean);
    EXPECT_EQ(loaded.scale.deviation, model.scale.deviation);
    EXPECT_TRUE(loaded.prior_trained);
    EXPECT_TRUE(loaded.vqvae->quantizer->is_started());
    EXPECT_FALSE(loaded.prior->is_training());
  }
}

TEST_F(ModelTest, TheConfigurationInTheFileCountsNotTheOneBesideIt) {
  save_safetensors(folder / "model.safetensors", model_state(make_model(small_config(), 5)));
  std::ofstream(folder / "config.yaml") << "vqvae: {channels: 64}\n";
  EXPECT_EQ(load_model(folder).config.vqvae.channels, 16);
  std::ofstream(folder / "config.yaml") << "theme: dark\n";  // another program's
  try {
    load_model(folder);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("beside the model"), std::string::npos);
  }
}

TEST_F(ModelTest, TheTrainingStateOfTheCodebookIsNotInTheModelFile) {
  const TensorFile state = model_state(make_model(small_config(), 5));
  EXPECT_FALSE(state.tensors.contains("vqvae.quantizer.counts"));
  EXPECT_FALSE(state.tensors.contains("vqvae.quantizer.sums"));
  EXPECT_TRUE(state.tensors.contains("vqvae.quantizer.codes"));
}

TEST_F(ModelTest, ATrainingCheckpointsExtraTensorsAreNoMismatch) {
  Model model = make_model(small_config(), 5);
  TensorFile state = model_state(model);
  state.tensors["vqvae.quantizer.counts"] = at::ones({24});
  state.tensors["optimiser.vqvae.encoder.stem.weight.m"] = at::ones({3});
  load_model_state(model, state, "checkpoint");
  EXPECT_TRUE(model.vqvae->quantizer->counts.eq(1).all().item<bool>());
}

TEST_F(ModelTest, StrictLoadingListsEveryMismatchAtOnceAndChangesNothing) {
  const Model source = make_model(small_config(), 5);
  TensorFile state = model_state(source);
  state.tensors.erase("prior.start");
  state.tensors["content.fc.weight"] = at::zeros({16, 15});
  state.tensors["body.gru.weight_ih_l0"] = state.tensors["body.gru.weight_ih_l0"].to(at::kDouble);
  state.tensors["vqvae.encoder.norm.weight"] = at::zeros({2});
  Model target = make_model(small_config(), 6);
  const Model copy = make_model(small_config(), 6);
  const std::string message =
      input_error([&] { load_model_state(target, state, "some.safetensors"); });
  for (const char* part : {"some.safetensors", "4 places", "prior.start is missing",
                           "content.fc.weight should be [16, 16] and is [16, 15]",
                           "body.gru.weight_ih_l0 should be Float and is Double",
                           "vqvae.encoder.norm.weight is not part of this model"}) {
    EXPECT_NE(message.find(part), std::string::npos) << part << "\n" << message;
  }
  expect_same_weights(target, copy);
}

TEST_F(ModelTest, AModelOfAnotherShapeIsRefused) {
  TensorFile state = model_state(make_model(small_config(), 5));
  config::TrainConfig wider = small_config();
  wider.vqvae.channels = 32;
  state.metadata["config"] = config::to_yaml(wider);
  save_safetensors(folder / "model.safetensors", state);
  EXPECT_NE(input_error([&] {
              load_model(folder);
            }).find("vqvae.encoder.stem.weight should be [32, 32, 3] and is [16, 32, 3]"),
            std::string::npos);
}

TEST_F(ModelTest, AConfigurationFarLargerThanTheFileBuildsNothing) {
  TensorFile state = model_state(make_model(small_config(), 5));
  config::TrainConfig huge = small_config();
  huge.vqvae.channels = 4096;
  state.metadata["config"] = config::to_yaml(huge);
  save_safetensors(folder / "model.safetensors", state);
  EXPECT_NE(input_error([&] { load_model(folder); }).find("but it holds only"), std::string::npos);
}

TEST_F(ModelTest, WrongMetadataGetsASentence) {
  const TensorFile good = model_state(make_model(small_config(), 5));
  const std::vector<std::array<std::string, 3>> cases = {
      {"format", "other", "expected a minet model"},
      {"format_version", "2", "expected model format version 1"},
      {"config", "vqvae: {channels: -1}", "vqvae.channels"},
      {"scale_kind", "mel", "decibel or log1p"},
      {"scale_mean", "nan", "should be a number"},
      {"scale_deviation", "0", "positive"},
      {"prior_trained", "yes", "true or false"}};
  for (const auto& [key, value, says] : cases) {
    for (const bool missing : {false, true}) {
      TensorFile bad = good;
      bad.metadata[key] = value;
      if (missing) bad.metadata.erase(key);
      save_safetensors(folder / "model.safetensors", bad);
      const std::string message = input_error([&] { load_model(folder); });
      EXPECT_NE(message.find(missing ? "'" + key + "' is missing" : says), std::string::npos)
          << key << ": " << message;
    }
  }
}

TEST_F(ModelTest, WhatIsNoModelGetsASentence) {
  EXPECT_NE(input_error([&] { load_model(folder / "absent"); }).find("no such model"),
            std::string::npos);
  EXPECT_NE(input_error([&] { load_model(folder); }).find("has no model.safetensors"),
            std::string::npos);
  std::filesystem::create_directories(folder / "runs" / "first");
  save_safetensors(folder / "runs" / "first" / "model.safetensors",
                   model_state(make_model(small_config(), 5)));
  const std::string others = input_error([&] { load_model(folder / "runs"); });
  EXPECT_NE(others.find("give one of the models in it: "), std::string::npos) << others;
  EXPECT_NE(others.find("first"), std::string::npos) << others;
  std::ofstream(folder / "model.pt", std::ios::binary) << "PK\x03\x04 the rest of a zip";
  EXPECT_NE(input_error([&] { load_model(folder / "model.pt"); }).find("convert it"),
            std::string::npos);
}

TEST_F(ModelTest, ThePriorsEmbeddingCanStartAsTheCodebook) {
  Model model = make_model(small_config(), 5);
  model.prior->initialise_embedding(model.vqvae->quantizer->codes);
  EXPECT_TRUE(
      model_tensors(model).at("prior.embedding.weight").equal(model.vqvae->quantizer->codes));
  input_error([&] { model.prior->initialise_embedding(at::zeros({24, 9})); });
}

}  // namespace
}  // namespace minet::models
