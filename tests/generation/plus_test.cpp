// Music from plus: notes force the pitch, pieces do not depend on their batch, no seams in sound.
#include "minet/generation/plus.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

#include <cmath>

#include "minet/core/random.hpp"
#include "minet/generation/plus_stream.hpp"
#include "minet/models/frame_stream.hpp"

namespace minet::generation {
namespace {

config::TrainConfig small() {
  config::TrainConfig config;
  config.model.kind = config::ModelKind::plus;
  config.body = {.hidden = 4, .layers = 1};
  config.plus.harmonics = 6;
  config.plus.synthesiser_width = 8;
  config.plus.motion_hidden = 6;
  config.plus.prior_width = 12;
  return config;
}

PlusPlayer some_players(models::PlusModel& model, std::int64_t count, std::int64_t frames) {
  at::manual_seed(3);
  const at::Tensor poses = at::randn({count, 100, 94});
  const at::NoGradGuard no_grad;
  const at::Tensor body = model.body->forward(poses);
  const double ratio = models::pose_frames_of_token(model.config);
  return {body, model.motion->forward(poses, body, frames, ratio)};
}

TEST(Plus, TheMeanPostureIsThatOfAllPosesHoweverFewFramesAreGenerated) {
  models::PlusModel model = models::make_plus(small(), 1);
  at::manual_seed(5);
  const std::int64_t all = 250;  // 10 s
  const at::Tensor poses = at::randn({1, all, 94});
  const float* values = poses.const_data_ptr<float>();
  pose::PoseSequence sequence{.fps = 25, .frames = all};
  for (std::int64_t i = 0; i < all * pose::kJoints; ++i) {
    sequence.data.insert(sequence.data.end(), {values[2 * i], values[2 * i + 1], 1.0f});
  }
  const std::int64_t frames = 50;  // 1.6 s
  const PlusPlayer player = player_of(model, sequence, frames);
  const at::NoGradGuard no_grad;
  const double ratio = models::pose_frames_of_token(model.config);
  const auto count = static_cast<std::int64_t>(std::ceil(static_cast<double>(frames) * ratio)) + 1;
  const auto motion = [&](const at::Tensor& mean) {
    return model.motion->forward(poses.narrow(1, 0, count), player.body, frames, ratio,
                                 /*live=*/false, mean);
  };
  EXPECT_TRUE(at::allclose(player.motion, motion(poses.mean(1, true)), 1e-4, 1e-5));
  EXPECT_FALSE(at::allclose(player.motion, motion({}), 1e-4, 1e-5));
}

TEST(Plus, NotesForceThePitchAndWhereTheyBegin) {
  models::PlusModel model = models::make_plus(small(), 1);
  const std::vector<score::Note> notes = {{.onset_s = 0.5, .duration_s = 0.5, .pitch = 60},
                                          {.onset_s = 1.0, .duration_s = 1.0, .pitch = 72}};
  const models::NoteInput input = note_input(notes, model.config, 100);
  const models::ControlTokens tokens =
      draw_controls(model, some_players(model, 1, 100), input, {.temperature = 3, .seed = 1});
  std::int64_t begun = 0;
  for (std::int64_t t = 0; t < 100; ++t) {
    const double s = static_cast<double>(t) * 0.032;
    const std::int64_t pitch = tokens.pitch[0][t].item<std::int64_t>();
    begun += tokens.onset[0][t].item<std::int64_t>();
    if (s < 2.0) {
      EXPECT_EQ(pitch, s < 0.5 ? 0 : s < 1.0 ? 61 : 73) << t;
    } else {
      EXPECT_TRUE(pitch == 0 || pitch == 73) << t;  // it may ring on
    }
  }
  EXPECT_EQ(begun, 2);
}

TEST(Plus, APieceIsTheSameInABatchOfAnySize) {
  models::PlusModel model = models::make_plus(small(), 1);
  const PlusPlayer one = some_players(model, 1, 40);
  const PlusPlayer three{one.body.expand({3, -1}), one.motion.expand({3, -1, -1})};
  const models::ControlTokens alone = draw_controls(model, one, {}, {.seed = 4});
  const models::ControlTokens together = draw_controls(model, three, {}, {.seed = 4});
  EXPECT_TRUE(alone.pitch[0].equal(together.pitch[0]));
  EXPECT_TRUE(alone.level[0].equal(together.level[0]));
  EXPECT_FALSE(together.pitch[0].equal(together.pitch[1]));
  EXPECT_FALSE(alone.pitch.equal(draw_controls(model, one, {}, {.seed = 5}).pitch));
}

TEST(Plus, SoundMadeBlockByBlockIsTheWholeSound) {
  models::PlusModel model = models::make_plus(small(), 1);
  model.train(false);
  const at::NoGradGuard no_grad;
  const std::int64_t frames = 600, hop = 256;  // more than two blocks
  at::manual_seed(7);
  const at::Tensor pitch = at::randint(40, 90, {1, frames / 2}, at::kLong);
  const models::ControlTokens tokens{at::zeros_like(pitch), pitch,
                                     at::randint(0, 32, {1, frames / 2}, at::kLong)};
  const at::Tensor body = at::randn({1, model.config.body_width()});
  const audio::Sound sound = play(model, tokens, body, 9).front();
  ASSERT_EQ(sound.samples.size(), static_cast<std::size_t>(frames * hop));

  const at::Tensor hz =
      (440 * at::exp2((pitch - 70).to(at::kDouble) / 12)).to(at::kFloat).repeat_interleave(2, 1);
  const at::Tensor level = models::loudness_of_levels(tokens.level, model.config.plus.levels);
  const at::Tensor next = at::cat({level.slice(1, 1), level.slice(1, -1)}, 1);
  const models::Partials all = model.synthesiser->forward(
      {hz, at::ones_like(hz), at::stack({level, (level + next) / 2}, 2).flatten(1)}, body);
  const auto longer = [](const at::Tensor& x) { return at::cat({x, x.slice(1, -1)}, 1); };
  const at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(derive_seed(9, "noise"));
  const at::Tensor noise = at::rand({1, frames * hop}, generator, at::TensorOptions(at::kFloat));
  at::Tensor whole =
      models::sound_of({longer(all.harmonics), longer(all.noise)},
                       models::phases_of(longer(hz), model.config.spectrogram), noise * 2 - 1, hop);
  const double peak = whole.abs().max().item<double>();
  if (peak > 0.99) whole = whole * (0.99 / peak);
  const at::Tensor ours = at::tensor(sound.samples).unsqueeze(0);
  // Products of different shapes round differently; a seam would be as large as the noise.
  EXPECT_LT((ours - whole).abs().max().item<double>(), 1e-5);
}

TEST(Plus, SoundOfTokensThatComeOneByOneIsThatOfAllAtOnce) {
  models::PlusModel model = models::make_plus(small(), 1);
  model.train(false);
  at::manual_seed(8);
  const std::int64_t count = 90;
  const at::Tensor pitch = at::randint(40, 90, {1, count}, at::kLong) *
                           at::randint(0, 4, {1, count}, at::kLong).clamp_max(1);  // with rests
  const models::ControlTokens tokens{at::zeros_like(pitch), pitch,
                                     at::randint(0, 32, {1, count}, at::kLong)};
  const at::Tensor body = at::randn({1, model.config.body_width()});

  models::FrameStream frames(model.config);
  SoundStream stream(model, 9);
  std::vector<at::Tensor> parts;
  for (std::int64_t t = 0; t < count; ++t) {
    const auto now = [&](const at::Tensor& x) { return x.slice(1, t, t + 1); };
    parts.push_back(
        stream.add(frames.add({now(tokens.onset), now(tokens.pitch), now(tokens.level)}), body));
    // Two hops per token, and never more than the frames that are known by then.
    EXPECT_EQ(parts.back().size(1), t == 0 ? 0 : 2 * model.config.spectrogram.hop);
  }
  parts.push_back(stream.add(frames.finish(), body));
  parts.push_back(stream.finish());
  at::Tensor streamed = at::cat(parts, 1);
  const double peak = streamed.abs().max().item<double>();
  if (peak > 0.99) streamed = streamed * (0.99 / peak);

  const audio::Sound whole = play(model, tokens, body, 9).front();
  ASSERT_EQ(streamed.size(1), static_cast<std::int64_t>(whole.samples.size()));
  EXPECT_GT(peak, 0.01);
  EXPECT_LT((streamed - at::tensor(whole.samples)).abs().max().item<double>(), 1e-5);
}

}  // namespace
}  // namespace minet::generation
