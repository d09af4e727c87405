// The packed step of plus against LibTorch's operators, for every instruction set of this
// processor.
#include "minet/models/fast_controls.hpp"

#include <gtest/gtest.h>

#include "models/cpu/compute_paths.hpp"
#include "models/support.hpp"

namespace minet::models {
namespace {

class FastControlsTest : public ::testing::TestWithParam<InstructionSet> {
  const OtherPaths paths_{{.instructions = GetParam()}};
};

TEST_P(FastControlsTest, GivesTheLogitsOfTheOperators) {
  const at::NoGradGuard no_grad;
  config::TrainConfig config;
  config.model.kind = config::ModelKind::plus;
  config.plus.prior_width = 72;  // not a multiple of the kernels' block size
  config.plus.motion_hidden = 20;
  PlusModel model = make_plus(config, 3);
  ControlPrior prior = model.prior;
  ASSERT_TRUE(FastControls::can_run(prior));
  constexpr std::int64_t kPieces = 5, kFrames = 12;
  const at::Tensor body = random_tensor({kPieces, config.body_width()}, 1);
  const at::Tensor motion = random_tensor({kPieces, kFrames, 2 * config.plus.motion_hidden}, 2);
  const at::Tensor condition = prior->condition(body, motion, {});
  const ControlTokens tokens{random_ints({kPieces, kFrames}, 2, 4),
                             random_ints({kPieces, kFrames}, kPitchSymbols, 5),
                             random_ints({kPieces, kFrames}, config.plus.levels, 6)};
  FastControls fast(prior, kPieces);
  const at::Tensor prepared = fast.prepare(condition);
  ControlTokens previous;
  at::Tensor state;
  const auto values = [](const at::Tensor& x) {
    if (!x.defined()) return std::span<const std::int64_t>();
    return std::span(x.const_data_ptr<std::int64_t>(), static_cast<std::size_t>(x.numel()));
  };
  for (std::int64_t t = 0; t < kFrames; ++t) {
    const at::Tensor here = condition.select(1, t);
    const at::Tensor trunk = prior->advance(previous, here, state);
    fast.advance(values(previous.onset), values(previous.pitch), values(previous.level),
                 prepared.select(1, t));
    const auto column = [&](const at::Tensor& x) { return x.select(1, t).contiguous(); };
    previous = {column(tokens.onset), column(tokens.pitch), column(tokens.level)};
    const at::Tensor onset = prior->onset_logits(trunk);
    const at::Tensor free_onset = prior->free_onset_logits(trunk, here);
    const at::Tensor pitch = prior->pitch_logits(trunk, previous.onset);
    const at::Tensor free = prior->free_pitch_logits(trunk, previous.onset, here);
    const at::Tensor level = prior->level_logits(trunk, previous.onset, previous.pitch);
    for (std::int64_t b = 0; b < kPieces; ++b) {
      const auto near = [&](std::span<const float> got, const at::Tensor& wanted) {
        ASSERT_EQ(static_cast<std::int64_t>(got.size()), wanted.size(1));
        const at::Tensor row = at::tensor(at::ArrayRef<float>(got.data(), got.size()));
        EXPECT_LT((row - wanted[b]).abs().max().item<double>(), 1e-4) << t << " " << b;
      };
      const std::int64_t began = values(previous.onset)[static_cast<std::size_t>(b)];
      const std::int64_t played = values(previous.pitch)[static_cast<std::size_t>(b)];
      near(fast.onset_logits(b), onset);
      near(fast.free_onset_logits(b), free_onset);
      near(fast.pitch_logits(b, began), pitch);
      near(fast.free_pitch_logits(b, began), free);
      near(fast.level_logits(b, began, played), level);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllInstructionSets, FastControlsTest,
                         ::testing::ValuesIn(available_instruction_sets()),
                         [](const auto& one) { return std::string(to_string(one.param)); });

}  // namespace
}  // namespace minet::models
