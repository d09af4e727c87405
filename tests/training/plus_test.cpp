// plus: its networks, losses and steps against the PyTorch mirror, and resuming from a checkpoint
// bit for bit.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <torch/optim/adam.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "clips/control_tokens.hpp"
#include "minet/config/config.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"
#include "minet/models/model.hpp"
#include "minet/training/checkpoint.hpp"
#include "minet/training/plus_steps.hpp"
#include "reference/golden.hpp"
#include "reference/plus_golden.hpp"
#include "support/temp_folder.hpp"

namespace minet::training {
namespace {

namespace fs = std::filesystem;
using reference::agrees;
using reference::Golden;

constexpr double kOutput = 2e-5;    // of the largest entry
constexpr double kGradient = 5e-3;  // of the norm: logarithms of near-empty bins are steep in float

class PlusTraining : public ::testing::Test {
 protected:
  void SetUp() override { at::set_num_threads(1); }
  const TempFolder temporary;
  const fs::path& folder = temporary.path();
};

models::SynthesiserBatch sounds_of(const Golden& golden, const std::string& prefix) {
  const auto at = [&](const char* name) { return golden.at(prefix + name); };
  return {.input = {at("hz"), at("voiced"), at("loudness")},
          .hz = at("hz"),
          .sound = at("sound"),
          .pose = at("pose"),
          .clip = at("clip")};
}

models::ControlBatch controls_of(const Golden& golden, const std::string& prefix) {
  const auto at = [&](const char* name) { return golden.at(prefix + name); };
  return {.tokens = {at("onset"), at("pitch"), at("level")},
          .notes = {at("note"), at("note_onset"), at("present") > 0},
          .pose = at("pose")};
}

models::PlusModel patterned(const config::TrainConfig& config) {
  models::PlusModel model = models::make_plus(config, 1);
  reference::fill(model);
  return model;
}

void expect_gradients(const Golden& golden, const std::string& prefix,
                      const models::PlusModel& model) {
  const auto tensors = models::plus_tensors(model);
  std::size_t compared = 0;
  for (const auto& [name, fingerprint] : golden.under(prefix)) {
    ASSERT_TRUE(tensors.contains(name)) << name;
    const at::Tensor ours = reference::fingerprint(tensors.at(name).grad(), name);
    const double norm = fingerprint[0].item<double>();
    EXPECT_LT((ours - fingerprint).abs().max().item<double>(), kGradient * norm + 1e-7) << name;
    ++compared;
  }
  EXPECT_GT(compared, 20u);
}

TEST_F(PlusTraining, SoundLossAndGradientsAreTheMirrors) {
  const Golden golden("plus");
  models::PlusModel model = patterned(golden.config());
  const models::SynthesiserBatch batch = sounds_of(golden, "input.");
  const at::Tensor sound = models::resynthesised(model, batch, model.body->forward(batch.pose),
                                                 golden.at("input.noise"));
  EXPECT_TRUE(agrees("sound", sound, golden.at("sound.output.sound"), 2e-4));
  EXPECT_TRUE(agrees("timbre",
                     models::timbre_of(batch.clip, golden.config().spectrogram.sample_rate),
                     golden.at("sound.output.timbre"), kOutput));
  const models::SynthesiserLoss loss =
      models::synthesiser_loss(model, batch, golden.at("input.noise"));
  EXPECT_TRUE(agrees("spectral", loss.spectral, golden.at("sound.output.spectral"), kOutput));
  EXPECT_TRUE(agrees("match", loss.match, golden.at("sound.output.match"), kOutput));
  EXPECT_TRUE(agrees("loss", loss.total, golden.at("sound.output.loss"), kOutput));
  loss.total.backward();
  expect_gradients(golden, "sound.grad.", model);
}

TEST_F(PlusTraining, ASynthesiserIsTrainedAloneForABodyThatIsKept) {
  const Golden golden("plus");
  config::TrainConfig config = golden.config();
  config.plus.keep_body = true;
  models::PlusModel model = patterned(config);
  std::map<std::string, at::Tensor> before;
  for (const auto& [name, tensor] : models::plus_tensors(model)) before[name] = tensor.clone();
  SynthesiserStep step(model, config);
  const PlusReport report = step.run(sounds_of(golden, "input."), golden.at("input.noise"), 0);
  EXPECT_NEAR(report.loss.item<double>(), golden.at("sound.output.spectral").item<double>(), 1e-3);
  for (const auto& [name, tensor] : models::plus_tensors(model)) {
    EXPECT_EQ(at::equal(tensor, before.at(name)), !name.starts_with("synthesiser.")) << name;
  }
}

TEST_F(PlusTraining, SomeClipsAreSeenAsIfDrawnTheSameInEveryProcess) {
  using clips::ControlsSeen;
  config::TrainConfig config;
  config.plus.drawn = 0.4;
  const auto whole = controls_seen(config, 7, {.first = 0, .count = 4000, .total = 4000});
  const auto share = [&](ControlsSeen how) {
    return static_cast<double>(std::count(whole.begin(), whole.end(), how)) / 4000;
  };
  EXPECT_NEAR(share(ControlsSeen::drawn), 0.2, 0.03);  // four standard deviations
  EXPECT_NEAR(share(ControlsSeen::drawn_with_notes), 0.2, 0.03);
  const auto part = controls_seen(config, 7, {.first = 1500, .count = 10, .total = 4000});
  EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + 1500));
  EXPECT_NE(whole, controls_seen(config, 8, {.first = 0, .count = 4000, .total = 4000}));
  config.plus.drawn = 0;
  EXPECT_EQ(controls_seen(config, 7, {.first = 0, .count = 9, .total = 9}),
            std::vector(9, ControlsSeen::measured));
}

// Bodies that identify their clips are matched to the clips' sounds; shuffled bodies are not. The
// level of the sound does not matter.
TEST_F(PlusTraining, MatchesBodiesAndSounds) {
  const Golden golden("plus");
  const config::TrainConfig config = golden.config();
  models::Match match = models::make_plus(config, 1).match;
  const at::Tensor sound =
      reference::pattern(4 * 4000, "four sounds").to(at::kFloat).view({4, 4000});
  const at::Tensor tilt = sound.cumsum(1) * 0.01;  // darker than `sound`
  const at::Tensor sounds = at::cat({sound.slice(0, 0, 2), tilt.slice(0, 2)});
  const at::Tensor timbre = models::timbre_of(sounds, 4000);
  EXPECT_EQ(timbre.size(1), 2 * models::kTimbreBands);
  EXPECT_LT((timbre - models::timbre_of(0.1 * sounds, 4000)).abs().max().item<double>(), 1e-2);
  torch::optim::Adam adam(match->parameters(), 0.01);
  const at::Tensor body = at::eye(4, config.body_width());
  for (int step = 0; step < 300; ++step) {
    adam.zero_grad();
    match->forward(body, timbre).backward();
    adam.step();
  }
  EXPECT_LT(match->forward(body, timbre).item<double>(), 0.1);
  EXPECT_GT(match->forward(body.roll(1, 0), timbre).item<double>(), 2 * std::log(4.0));
}

TEST_F(PlusTraining, LogitsLossAndGradientsAreTheMirrors) {
  const Golden golden("plus");
  models::PlusModel model = patterned(golden.config());
  const models::ControlBatch batch = controls_of(golden, "input.");
  const at::Tensor hidden = golden.at("input.hidden") > 0;
  const at::Tensor body = model.body->forward(batch.pose);
  const at::Tensor motion = model.motion->forward(batch.pose, body, batch.tokens.pitch.size(1),
                                                  models::pose_frames_of_token(model.config));
  const at::Tensor condition = model.prior->condition(body, motion, batch.notes);
  const models::ControlLogits logits = model.prior->forward(batch.tokens, condition, hidden);
  for (const auto& [name, ours] :
       {std::pair{"onset", logits.onset}, std::pair{"pitch", logits.pitch},
        std::pair{"level", logits.level}, std::pair{"seen", model.prior->seen_logits(condition)}}) {
    EXPECT_TRUE(agrees(name, ours, golden.at(text("controls.output.", name)), kOutput));
  }
  const models::ControlLoss loss = models::control_loss(model, batch, hidden);
  EXPECT_TRUE(agrees("loss", loss.total, golden.at("controls.output.loss"), kOutput));
  loss.total.backward();
  expect_gradients(golden, "controls.grad.", model);
  models::ControlBatch live = batch;
  live.live = true;
  EXPECT_TRUE(agrees("live", models::control_loss(model, live, hidden).total,
                     golden.at("controls.output.live"), kOutput));
  models::ControlBatch whole_track = batch;
  whole_track.mean_pose = batch.pose.mean(1, true) * 0.9;
  EXPECT_TRUE(agrees("whole track", models::control_loss(model, whole_track, hidden).total,
                     golden.at("controls.output.whole_track"), kOutput));
}

TEST_F(PlusTraining, LiveUseIsAsTrainedAndSeesNothingToCome) {
  const Golden golden("plus");
  models::PlusModel model = patterned(golden.config());
  const at::NoGradGuard no_grad;
  const at::Tensor pose = controls_of(golden, "input.").pose;
  const at::Tensor body = model.body->forward(pose);
  const std::int64_t frames = pose.size(1);
  const auto live = [&](const at::Tensor& seen) {
    return model.motion->forward(seen, body, frames, 1, true);
  };
  const at::Tensor whole = live(pose);
  models::MotionState state;
  for (std::int64_t t = 0; t < frames; ++t) {
    const at::Tensor pair =
        at::stack({pose.select(1, std::max<std::int64_t>(0, t - 1)), pose.select(1, t)}, 1);
    const at::Tensor one = model.motion->advance(pair, body, state);
    EXPECT_LT((one - whole.select(1, t)).abs().max().item<double>(), 1e-5) << t;
  }
  at::Tensor other = pose.clone();
  other.slice(1, frames / 2) += 1;
  const auto difference = (live(other) - whole).abs().amax({0, 2});
  EXPECT_LT(difference.slice(0, 0, frames / 2).max().item<double>(), 1e-6);
  EXPECT_GT(difference.slice(0, frames / 2).min().item<double>(), 1e-4);
}

// Only three steps of the synthesiser: a spectral bin that is empty up to rounding can double its
// gradient, and then float and double diverge.
TEST_F(PlusTraining, StepsFollowTheMirror) {
  const Golden golden("train_plus");
  const config::TrainConfig config = golden.config();
  models::PlusModel model = patterned(config);
  SynthesiserStep synthesiser(model, config);
  ControlsStep controls(model, config);
  const auto expect = [&](const std::string& stage, std::int64_t step, const PlusReport& report) {
    const auto entry = [&](const char* what) {
      return golden.at(stage + ".steps." + what)[step].item<double>();
    };
    EXPECT_NEAR(report.loss.item<double>(), entry("loss"), 1e-2) << stage << step;
    if (stage == "controls" || step == 0) {
      EXPECT_NEAR(report.gradient_norm.item<double>(), entry("gradient_norm"),
                  1e-2 * entry("gradient_norm"))
          << stage << step;
    }
    EXPECT_NEAR(report.learning_rate, entry("learning_rate"), 1e-8) << stage << step;
  };
  for (std::int64_t step = 0; step < 3; ++step) {
    const std::string batch = text("batch.", step % 3, ".");
    expect("synthesiser", step,
           synthesiser.run(sounds_of(golden, batch), golden.at(batch + "noise"), step));
  }
  reference::fill(model);
  for (std::int64_t step = 0; step < 10; ++step) {
    const std::string batch = text("batch.", step % 3, ".");
    expect("controls", step,
           controls.run(controls_of(golden, batch), golden.at(batch + "hidden") > 0, step));
  }
}

TEST_F(PlusTraining, EachTokenSeesOnlyThePast) {
  const Golden golden("plus");
  models::PlusModel model = patterned(golden.config());
  const at::NoGradGuard no_grad;
  const models::ControlBatch batch = controls_of(golden, "input.");
  const at::Tensor body = model.body->forward(batch.pose);
  const at::Tensor motion = model.motion->forward(batch.pose, body, 25, 0.8);
  const at::Tensor condition = model.prior->condition(body, motion, batch.notes);
  const models::ControlLogits whole = model.prior->forward(batch.tokens, condition);
  models::ControlTokens last;
  at::Tensor state;
  for (std::int64_t t = 0; t < 25; ++t) {  // sampling computes what was trained
    const at::Tensor trunk = model.prior->advance(last, condition.select(1, t), state);
    last = {batch.tokens.onset.select(1, t), batch.tokens.pitch.select(1, t),
            batch.tokens.level.select(1, t)};
    const auto near = [&](const at::Tensor& one, const at::Tensor& all) {
      EXPECT_LT((one - all.select(1, t)).abs().max().item<double>(), 1e-5) << t;
    };
    near(model.prior->onset_logits(trunk), whole.onset);
    near(model.prior->pitch_logits(trunk, last.onset), whole.pitch);
    near(model.prior->level_logits(trunk, last.onset, last.pitch), whole.level);
    // Without notes: a product of probabilities, in which "no pitch" has a weight.
    const at::Tensor seen = model.prior->seen_logits(condition).select(1, t);
    at::Tensor product =
        whole.pitch.select(1, t).softmax(1) * seen.slice(1, 0, models::kPitchSymbols).softmax(1);
    product.select(1, 0) *= std::exp(models::kNoPitchLogit);
    product /= product.sum(1, true);
    const at::Tensor begins = seen.slice(1, models::kPitchSymbols);
    const at::Tensor odds =
        (begins.select(1, 1) - begins.select(1, 0)).exp() * std::exp(-models::kUsualOnset);
    const at::Tensor onset = whole.onset.select(1, t).softmax(1);
    const at::Tensor all = onset.select(1, 1) / onset.select(1, 0) * odds.pow(models::kSeenOnset);
    const at::Tensor free_onset =
        model.prior->free_onset_logits(trunk, condition.select(1, t)).softmax(1).select(1, 1);
    EXPECT_LT((free_onset - all / (1 + all)).abs().max().item<double>(), 1e-5) << t;
    const at::Tensor free =
        model.prior->free_pitch_logits(trunk, last.onset, condition.select(1, t)).softmax(1);
    EXPECT_LT((free - product).abs().max().item<double>(), 1e-5) << t;
  }
}

TEST_F(PlusTraining, GoesOnFromACheckpointBitForBit) {
  const Golden golden("train_plus");
  const config::TrainConfig config = golden.config();
  const RunEnvironment environment{
      .threads = 1, .device = "cpu", .capability = "x", .torch = "y", .corpus_hash = "z"};
  const clips::PlusData* none = nullptr;  // steps take batches, not data
  for (const Stage stage : {Stage::synthesiser, Stage::controls}) {
    const RunFolder run(folder / to_string(stage), false);
    models::PlusModel whole = models::make_plus(config, 1), other = models::make_plus(config, 1);
    SynthesiserStep whole_sound(whole, config), other_sound(other, config);
    ControlsStep whole_controls(whole, config), other_controls(other, config);
    PlusState state{whole, whole_sound, whole_controls, *none, *none, {.stage = stage}};
    PlusState restored{other, other_sound, other_controls, *none, *none, {}};
    const auto step = [&](PlusState& into, std::int64_t number) {
      const std::string batch = text("batch.", number % 3, ".");
      stage == Stage::synthesiser
          ? into.synthesiser_step.run(sounds_of(golden, batch), golden.at(batch + "noise"), number)
          : into.controls_step.run(controls_of(golden, batch), golden.at(batch + "hidden") > 0,
                                   number);
    };
    for (std::int64_t number = 0; number < 6; ++number) {
      if (number == 3) {
        state.position.step = number;
        save_checkpoint(run, state, environment);
      }
      step(state, number);
    }
    load_checkpoint(run, restored, environment);
    EXPECT_EQ(restored.position.step, 3);
    EXPECT_EQ(restored.position.stage, stage);
    for (std::int64_t number = 3; number < 6; ++number) step(restored, number);
    const auto left = models::plus_tensors(whole), right = models::plus_tensors(other);
    for (const auto& [name, tensor] : left) EXPECT_TRUE(tensor.equal(right.at(name))) << name;
  }
}

TEST_F(PlusTraining, AFileHoldsTheModelAndTheCountsAreRight) {
  const config::TrainConfig config = Golden("plus").config();
  models::PlusModel model = models::make_plus(config, 5);
  model.prior_trained = true;
  std::int64_t count = 0;
  for (const auto& [name, tensor] : models::plus_tensors(model)) count += tensor.numel();
  EXPECT_EQ(models::expected_parameter_counts(config).total(), count);
  EXPECT_LT(models::expected_parameter_counts(
                config::load_train_config(minet::source_folder() / "configs/plus.yaml"))
                .total(),
            5'000'000);
  models::save_safetensors(folder / "model.safetensors", models::plus_state(model));
  EXPECT_EQ(models::kind_of(folder), config::ModelKind::plus);
  const models::PlusModel loaded = models::load_plus(folder);
  EXPECT_TRUE(loaded.prior_trained);
  const auto tensors = models::plus_tensors(loaded);
  for (const auto& [name, tensor] : models::plus_tensors(model)) {
    EXPECT_TRUE(tensor.equal(tensors.at(name))) << name;
  }
  EXPECT_THROW(models::load_model(folder), InputError);

  models::TensorFile playing = models::plus_state(model);
  std::erase_if(playing.tensors,
                [](const auto& entry) { return entry.first.starts_with("match."); });
  models::save_safetensors(folder / "model.safetensors", playing);
  EXPECT_NO_THROW(models::load_plus(folder));
  playing.tensors.erase("controls.onset.bias");
  models::save_safetensors(folder / "model.safetensors", playing);
  EXPECT_THROW(models::load_plus(folder), InputError);
}

TEST_F(PlusTraining, TokensAreWhatIsHeardAndWhatIsAskedFor) {
  config::TrainConfig config;  // frames of 16 ms, tokens of 32
  audio::Controls controls;
  controls.hz.assign(40, 0);
  controls.loudness.assign(40, -50);
  for (std::size_t t = 10; t < 30; ++t) controls.hz[t] = 441;
  controls.hz[18] = controls.hz[17] = controls.hz[19] = 880;  // a slip of one token
  controls.onsets = {0.161};
  const std::vector<score::Note> notes = {{.onset_s = 0.16, .duration_s = 0.2, .pitch = 70}};
  clips::TokenColumns columns;
  clips::append_tokens(controls, notes, config, columns);
  ASSERT_EQ(columns.pitch.size(), 20u);
  EXPECT_EQ(columns.pitch[4], 0);
  for (std::size_t i = 6; i < 14; ++i) EXPECT_EQ(columns.pitch[i], 70) << i;  // 1 + 69
  EXPECT_EQ(columns.onset[5], 1);
  EXPECT_EQ(columns.note_onset[5], 1);
  EXPECT_EQ(columns.forced[8], 71);
  EXPECT_EQ(columns.forced[13], 0);  // another pitch sounds, so the note's is not forced
}

}  // namespace
}  // namespace minet::training
