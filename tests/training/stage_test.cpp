#include "minet/training/stage.hpp"

#include <gtest/gtest.h>

#include <set>

#include "minet/config/config.hpp"

namespace minet::training {
namespace {

using config::ModelKind;
using config::TrainConfig;

// Another value in every section.
TrainConfig other_config() {
  TrainConfig config;
  config.model.frame_loss = config::FrameLoss::mse;
  config.data.clip_seconds = 5;
  config.data.audio_cache_mb = 5;
  config.augment.turn = 0.5;
  config.vqvae.beta = 0.5;
  config.body.layers = 5;
  config.prior.layers = 5;
  config.content.layers = 5;
  config.seq2seq.layers = 5;
  config.graph_transformer.layers = 5;
  config.plus.harmonics = 5;
  config.plus.mask = 0.5;
  for (const Stage stage :
       {Stage::vqvae, Stage::prior, Stage::baseline, Stage::synthesiser, Stage::controls}) {
    settings_of(config, stage).steps = 5;
  }
  config.run.log_every = 5;
  config.run.seed = 5;
  config.generation.top_k = 5;
  return config;
}

// The keys that still differ after a stage.
std::set<std::string> read_until(Stage stage) {
  const TrainConfig config;
  TrainConfig found = other_config();
  adopt_unread_settings(found, config, stage);
  std::set<std::string> keys;
  for (const std::string& difference : config::differences(found, config)) {
    keys.insert(difference.substr(0, difference.find(':')));
  }
  return keys;
}

TEST(StageTest, KnowsWhatEachStageHasRead) {
  using Keys = std::set<std::string>;
  EXPECT_EQ(read_until(Stage::vqvae),
            (Keys{"data.clip_seconds", "run.seed", "vqvae.beta", "vqvae_training.steps"}));
  EXPECT_EQ(
      read_until(Stage::prior),
      (Keys{"augment.turn", "body.layers", "content.layers", "data.clip_seconds", "prior.layers",
            "prior_training.steps", "run.seed", "vqvae.beta", "vqvae_training.steps"}));
  EXPECT_EQ(read_until(Stage::baseline),
            (Keys{"augment.turn", "baseline_training.steps", "data.clip_seconds",
                  "graph_transformer.layers", "model.frame_loss", "run.seed", "seq2seq.layers"}));
  const Keys synthesiser{"augment.turn",   "body.layers", "data.clip_seconds",
                         "plus.harmonics", "run.seed",    "synthesiser_training.steps"};
  EXPECT_EQ(read_until(Stage::synthesiser), synthesiser);
  Keys controls = synthesiser;
  controls.insert({"controls_training.steps", "plus.mask"});
  EXPECT_EQ(read_until(Stage::controls), controls);
}

TEST(StageTest, KnowsTheOrder) {
  for (const ModelKind kind :
       {ModelKind::minet, ModelKind::seq2seq, ModelKind::graph_transformer, ModelKind::plus}) {
    const std::vector<Stage> stages = stages_of(kind);
    EXPECT_EQ(stage_before(stages.front()), std::nullopt);
    EXPECT_EQ(stage_after(stages.back()), std::nullopt);
    if (stages.size() == 1) continue;
    EXPECT_EQ(stage_after(stages[0]), stages[1]);
    EXPECT_EQ(stage_before(stages[1]), stages[0]);
  }
  EXPECT_EQ(stage_after(Stage::all), std::nullopt);
  for (const Stage stage : {Stage::all, Stage::vqvae, Stage::prior, Stage::baseline,
                            Stage::synthesiser, Stage::controls}) {
    EXPECT_EQ(parse_stage(to_string(stage)), stage);
  }
}

}  // namespace
}  // namespace minet::training
