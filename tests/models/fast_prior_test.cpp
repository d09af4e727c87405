// The fast steps of the prior against LibTorch's, for every instruction set of this processor.
#include "minet/models/fast_prior.hpp"

#include <cstdlib>

#include "models/cpu/compute_paths.hpp"
#include "models/support.hpp"

namespace minet::models {
namespace {

class FastPriorTest : public ::testing::TestWithParam<std::tuple<PriorShape, InstructionSet>> {
  const OtherPaths paths_{{.instructions = std::get<1>(GetParam())}};

 protected:
  const PriorShape& shape() const { return std::get<0>(GetParam()); }

  config::TrainConfig configured(config::TrainConfig config) const {
    config.content.enabled = shape().content;
    config.content.alignment = shape().alignment;
    config.prior.head = shape().head;
    return config;
  }

  // The largest difference of logits, relative to the largest logit.
  double compare(Model& model, std::int64_t batch, std::int64_t steps) const {
    const at::NoGradGuard no_grad;
    const config::TrainConfig& config = model.config;
    const at::Tensor codes = random_ints({batch, steps}, config.vqvae.codes, 1);
    const at::Tensor body = random_tensor({batch, steps, config.body_width()}, 2);
    ContentInput input;
    if (shape().content) {
      input.memory = random_tensor({batch, steps, config.prior_width()}, 31);
      input.present = at::arange(batch).add(1).remainder(2).to(at::kFloat);
    }
    PriorCache cache = model.prior->start(batch, input);
    FastPrior fast(model.prior);
    fast.start(batch, input);
    at::Tensor previous;
    double worst = 0, largest = 0;
    for (std::int64_t t = 0; t < steps; ++t) {
      const at::Tensor h = body.select(1, t).contiguous();
      const at::Tensor wanted = model.prior->step(cache, previous, h);
      std::vector<std::int64_t> drawn;
      if (t > 0) {
        const auto* first = previous.const_data_ptr<std::int64_t>();
        drawn.assign(first, first + batch);
      }
      fast.step(drawn, {h.const_data_ptr<float>(), static_cast<std::size_t>(h.numel())});
      for (std::int64_t b = 0; b < batch; ++b) {
        const auto logits = fast.logits(b);
        EXPECT_EQ(logits.size(), static_cast<std::size_t>(config.vqvae.codes));
        for (std::int64_t k = 0; k < config.vqvae.codes; ++k) {
          const double want = wanted[b].const_data_ptr<float>()[k];
          worst = std::max(worst, std::abs(want - logits[static_cast<std::size_t>(k)]));
          largest = std::max(largest, std::abs(want));
        }
      }
      previous = codes.select(1, t).contiguous();
    }
    EXPECT_GT(largest, 0.1);
    return worst / largest;
  }
};

INSTANTIATE_TEST_SUITE_P(AllShapes, FastPriorTest,
                         ::testing::Combine(::testing::ValuesIn(kPriorShapes),
                                            ::testing::ValuesIn(available_instruction_sets())),
                         [](const auto& one) {
                           return std::string(std::get<0>(one.param).name) + "_" +
                                  std::string(to_string(std::get<1>(one.param)));
                         });

TEST_P(FastPriorTest, GivesTheSameLogitsPastTheContextAndForAnyBatch) {
  Model model = make_model(configured(small_config()), 5);  // context 12, heads of 8
  enlarge(*model.prior, 100);
  model.eval();
  for (const std::int64_t batch : {1, 3, 4, 9}) {
    EXPECT_LT(compare(model, batch, 40), 1e-5) << batch;
  }
}

TEST_P(FastPriorTest, GivesTheSameLogitsInThePapersShape) {
  config::TrainConfig paper;
  paper.vqvae.channels = 32;  // the prior does not use it, and it is quick to create
  Model model = make_model(configured(paper), 7);
  {
    const at::NoGradGuard no_grad;
    std::uint64_t seed = 0;
    for (auto& item : model.prior->named_parameters()) {
      item.value().add_(random_tensor(item.value().sizes(), seed++), 0.05);
    }
  }
  model.eval();
  EXPECT_LT(compare(model, 2, 270), 1e-4);  // past the context of 250
}

TEST_P(FastPriorTest, NotesGivenInStretchesAreAsGoodAsWhole) {
  if (!shape().content) GTEST_SKIP() << "only where there are notes";
  Model model = make_model(configured(small_config()), 5);  // context 12
  enlarge(*model.prior, 100);
  model.eval();
  const at::NoGradGuard no_grad;
  const std::int64_t steps = 70, context = 12, stretch = 20;
  const at::Tensor memory = random_tensor({2, steps, 16}, 31);
  const at::Tensor present = at::tensor({0.0F, 1.0F});
  const std::vector<std::int64_t> codes{3, 5};
  const std::vector<float> body(16, 0.3F);
  const auto from = [&](std::int64_t t) {
    const std::int64_t first = std::max<std::int64_t>(0, t - context + 1);
    const std::int64_t last = std::min(steps, t + stretch + context - 1);
    return ContentInput{
        .memory = memory.narrow(1, first, last - first), .present = present, .first = first};
  };
  FastPrior whole(model.prior), parts(model.prior);
  whole.start(2, {.memory = memory, .present = present});
  parts.start(2, from(0));
  for (std::int64_t t = 0; t < steps; ++t) {
    if (t > 0 && t % stretch == 0) parts.go_on_with(from(t));
    const auto previous = t == 0 ? std::span<const std::int64_t>() : std::span(codes);
    whole.step(previous, body);
    parts.step(previous, body);
    for (const std::int64_t row : {0, 1}) {
      for (std::size_t k = 0; k < 24; ++k) {
        ASSERT_NEAR(parts.logits(row)[k], whole.logits(row)[k], 1e-5) << t;
      }
    }
  }
  // Notes that begin too late are refused, and so are missing notes.
  EXPECT_NE(input_error([&] { parts.go_on_with({.memory = memory, .first = 60}); }).find("step 70"),
            std::string::npos);
  input_error([&] { parts.go_on_with({}); });
  input_error([&] { whole.start(2, {.memory = memory, .first = 1}); });
}

TEST_P(FastPriorTest, DrawsBySoftmax) {
  Model model = make_model(configured(small_config()), 5);
  enlarge(*model.prior, 100);
  model.eval();
  FastPrior first(model.prior);
  FastPrior fast(first);  // a copy has the weights, but no state
  input_error([&] { fast.step({}, std::vector<float>(16)); });
  fast.start(2);
  const at::Tensor body = random_tensor({2, 8}, 2);
  fast.step({}, {body.const_data_ptr<float>(), 16});
  for (const float scale : {1.0F, 0.5F, 3.0F}) {
    const auto logits = fast.logits(1);
    const at::Tensor wanted = at::softmax(
        at::from_blob(const_cast<float*>(logits.data()), {24}).to(at::kDouble) * scale, 0);
    // Evenly spaced numbers select the codes in order, each in proportion to its probability.
    const std::int64_t tries = 20'000;
    at::Tensor counts = at::zeros({24}, at::kDouble);
    std::int64_t before = 0;
    for (std::int64_t i = 0; i < tries; ++i) {
      const std::int64_t code = fast.draw(1, scale, (static_cast<double>(i) + 0.5) / tries);
      ASSERT_GE(code, before);
      ASSERT_LT(code, 24);
      before = code;
      counts[code] += 1.0 / tries;
    }
    EXPECT_LT(largest_difference(counts, wanted), 1.5 / tries) << scale;
  }
  EXPECT_LT(fast.draw(1, 1, std::nextafter(1.0, 0.0)), 24);
}

TEST_P(FastPriorTest, WrongInputGetsASentence) {
  Model model = make_model(configured(small_config()), 5);
  model.eval();
  FastPrior fast(model.prior);
  const std::vector<float> body(8), two(16);
  input_error([&] { fast.step({}, body); });  // no start
  fast.start(
      1, shape().content ? ContentInput{.memory = random_tensor({1, 2, 16}, 1)} : ContentInput{});
  const std::vector<std::int64_t> code{3}, wrong{24};
  input_error([&] { fast.step(code, body); });
  input_error([&] { fast.step({}, two); });
  fast.step({}, body);
  input_error([&] { fast.step({}, body); });
  input_error([&] { fast.step(wrong, body); });
  fast.step(code, body);
  if (shape().content) input_error([&] { fast.step(code, body); });  // the notes are over
}

TEST(ComputePathsTest, TheEnvironmentChoosesAmongWhatThereIs) {
  ASSERT_FALSE(available_instruction_sets().empty());
  EXPECT_EQ(available_instruction_sets().front(), InstructionSet::plain);
  const ComputePaths usual = paths_from_environment();
  EXPECT_EQ(usual.instructions, available_instruction_sets().back());
  EXPECT_TRUE(usual.packed_sampling && usual.fast_training);
  for (const auto& [name, value] :
       {std::pair{"MINET_ISA", "plain"}, {"MINET_SAMPLER", "torch"}, {"MINET_TRAINING", "torch"}}) {
    ::setenv(name, value, 1);
  }
  const ComputePaths slow = paths_from_environment();
  EXPECT_EQ(slow.instructions, InstructionSet::plain);
  EXPECT_FALSE(slow.packed_sampling || slow.fast_training);
  for (const char* name : {"MINET_ISA", "MINET_SAMPLER", "MINET_TRAINING"}) {
    ::setenv(name, "abacus", 1);
    const std::string error = input_error([] { paths_from_environment(); });
    EXPECT_NE(error.find(name), std::string::npos) << error;
    EXPECT_NE(error.find("abacus"), std::string::npos) << error;
    ::unsetenv(name);
  }
}

TEST(ComputePathsTest, OthersLastAsLongAsTheirObject) {
  const InstructionSet before = compute_paths().instructions;
  {
    const OtherPaths paths({.packed_sampling = false});
    EXPECT_FALSE(compute_paths().packed_sampling);
    EXPECT_EQ(compute_paths().instructions, InstructionSet::plain);
  }
  EXPECT_TRUE(compute_paths().packed_sampling);
  EXPECT_EQ(compute_paths().instructions, before);
}

TEST(FastPriorTypes, AModelInDoublePrecisionIsNotForThem) {
  Model model = make_model(small_config(), 5);
  EXPECT_TRUE(FastPrior::can_run(model.prior));
  model.prior->to(at::kDouble);
  EXPECT_FALSE(FastPrior::can_run(model.prior));
}

}  // namespace
}  // namespace minet::models
