// Body encoder, content transformer and prior: receptive fields, and cached steps.
#include "minet/models/prior.hpp"

#include "models/support.hpp"

namespace minet::models {
namespace {

config::TrainConfig config_of(const PriorShape& c) {
  config::TrainConfig config = small_config();
  config.content.enabled = c.content;
  config.content.alignment = c.alignment;
  config.prior.head = c.head;
  return config;
}

class PriorTest : public ::testing::TestWithParam<PriorShape> {
 protected:
  void SetUp() override {
    enlarge(*model.prior, 100);
    model.eval();
  }
  ContentInput content(std::int64_t batch, std::int64_t steps, bool present = false) const {
    if (!GetParam().content) return {};
    ContentInput input{.memory = random_tensor({batch, steps, 16}, 31)};
    if (present) input.present = at::arange(batch).remainder(2).to(at::kFloat);
    return input;
  }
  config::TrainConfig config = config_of(GetParam());
  Model model = make_model(config, 5);
  Prior& prior = model.prior;
};

INSTANTIATE_TEST_SUITE_P(AllShapes, PriorTest, ::testing::ValuesIn(kPriorShapes),
                         [](const auto& one) { return one.param.name; });

TEST_P(PriorTest, GivesLogitsForEveryStep) {
  const at::Tensor codes = random_ints({3, 10}, 24, 1);
  const at::Tensor body = random_tensor({3, 8}, 2);
  const at::Tensor logits = prior->forward(codes, body, content(3, 10));
  EXPECT_EQ(logits.sizes(), at::IntArrayRef({3, 10, 24}));
  // One body vector equals the same vector at every step.
  const at::Tensor repeated = body.unsqueeze(1).repeat({1, 10, 1});
  EXPECT_EQ(largest_difference(prior->forward(codes, repeated, content(3, 10)), logits), 0);
  EXPECT_EQ(prior->forward(codes.narrow(1, 0, 1), body, content(3, 1)).size(1), 1);
}

TEST_P(PriorTest, AGradientReachesEveryParameter) {
  model.train();
  const at::Tensor pose = random_tensor({2, 6, 94}, 1);
  const at::Tensor codes = random_ints({2, 20}, 24, 2);
  const at::Tensor h = model.body->forward(pose);
  ContentInput input;
  if (GetParam().content) {
    input.memory = model.content->forward(random_ints({2, 20}, 129, 3), h);
  }
  prior->forward(codes, h, input).log_softmax(-1).select(-1, 3).sum().backward();
  expect_gradient_everywhere(*prior);
  expect_gradient_everywhere(*model.body);
  if (GetParam().content) {
    expect_gradient_everywhere(*model.content);
  }
}

TEST_P(PriorTest, TheFutureChangesNothing) {
  const std::int64_t steps = 30;
  at::Tensor codes = random_ints({1, steps}, 24, 1);
  const at::Tensor body = random_tensor({1, steps, 8}, 2);
  const ContentInput input = content(1, steps);
  const at::Tensor before = prior->forward(codes, body, input);
  for (const std::int64_t t : {0, 7, 19, 29}) {
    at::Tensor changed = codes.clone();
    changed.narrow(1, t, steps - t).add_(1).remainder_(24);
    const at::Tensor after = prior->forward(changed, body, input);
    // logits[t] may depend on codes before t only.
    EXPECT_EQ(largest_difference(after.narrow(1, 0, t + 1), before.narrow(1, 0, t + 1)), 0) << t;
    if (t + 1 < steps) {
      EXPECT_GT(largest_difference(after.select(1, t + 1), before.select(1, t + 1)), 1e-4) << t;
    }
    at::Tensor other_body = body.clone();
    other_body.narrow(1, t, steps - t).add_(1);
    const at::Tensor moved = prior->forward(codes, other_body, input);
    EXPECT_EQ(largest_difference(moved.narrow(1, 0, t), before.narrow(1, 0, t)), 0) << t;
    EXPECT_GT(largest_difference(moved.select(1, t), before.select(1, t)), 1e-4) << t;
  }
}

TEST_P(PriorTest, NothingFurtherBackThanTheLayersTimesTheContextIsSeen) {
  // Two layers of 12 steps each: input t reaches output t + 22, but not t + 23.
  const std::int64_t steps = 60;
  const at::Tensor codes = random_ints({1, steps}, 24, 1);
  at::Tensor body = random_tensor({1, steps, 8}, 2).set_requires_grad(true);
  const at::Tensor out = prior->forward(codes, body, content(1, steps));
  out.select(1, 50).sum().backward();
  const at::Tensor reach = body.grad().abs().amax({0, 2});
  for (std::int64_t t = 0; t < steps; ++t) {
    EXPECT_EQ(reach[t].item<double>() > 0, t <= 50 && t >= 50 - 22) << t;
  }
}

TEST_P(PriorTest, CachedStepsGiveTheLogitsOfTheWholePastTheContextToo) {
  for (const std::int64_t steps : {5, 12, 20, 75, 700}) {  // context 12
    const std::int64_t batch = 3;
    const at::Tensor codes = random_ints({batch, steps}, 24, 1);
    const at::Tensor body = random_tensor({batch, steps, 8}, 2);
    const ContentInput input = content(batch, steps, true);
    const at::NoGradGuard no_grad;
    const at::Tensor whole = prior->forward(codes, body, input);
    PriorCache cache = prior->start(batch, input);
    at::Tensor previous;
    double worst = 0;
    for (std::int64_t t = 0; t < steps; ++t) {
      const at::Tensor logits = prior->step(cache, previous, body.select(1, t));
      worst = std::max(worst, largest_difference(logits, whole.select(1, t)));
      previous = codes.select(1, t);
    }
    EXPECT_LT(worst / whole.abs().max().item<double>(), 1e-5) << steps;
    EXPECT_EQ(cache.clock.position().item<std::int64_t>(), steps);
    EXPECT_EQ(cache.blocks[0].self.keys.size(2), 12);  // bounded by the context
  }
}

TEST_P(PriorTest, ContentCountsWherePresentOnly) {
  if (!GetParam().content) GTEST_SKIP() << "this shape has no content";
  const at::Tensor codes = random_ints({2, 20}, 24, 1);
  const at::Tensor body = random_tensor({2, 8}, 2);
  const ContentInput masked = content(2, 20, true);  // clip 0 absent, clip 1 present
  const at::Tensor without = prior->forward(codes, body);
  const at::Tensor with = prior->forward(codes, body, content(2, 20));
  const at::Tensor mixed = prior->forward(codes, body, masked);
  EXPECT_LT(largest_difference(mixed[0], without[0]), 1e-6);
  EXPECT_LT(largest_difference(mixed[1], with[1]), 1e-6);
  EXPECT_GT(largest_difference(with, without), 1e-2);
}

TEST_P(PriorTest, NotesOutsideTheBandAreNotSeen) {
  if (GetParam().alignment != config::Alignment::cross_attention || !GetParam().content) {
    GTEST_SKIP() << "only where cross-attention is the only way";
  }
  // Through two layers: its own window (12 each way), and that of earlier steps (another 11 back).
  const std::int64_t steps = 80;
  ContentInput input = content(1, steps);
  input.memory.set_requires_grad(true);
  prior->forward(random_ints({1, steps}, 24, 1), random_tensor({1, 8}, 2), input)
      .select(1, 40)
      .sum()
      .backward();
  const at::Tensor reach = input.memory.grad().abs().amax({0, 2});
  for (std::int64_t t = 0; t < steps; ++t) {
    EXPECT_EQ(reach[t].item<double>() > 0, t >= 40 - 11 - 11 && t <= 40 + 11) << t;
  }
}

TEST_P(PriorTest, DropoutActsInTrainingOnlyAndFromTheDefaultGenerator) {
  const at::Tensor codes = random_ints({1, 10}, 24, 1);
  const at::Tensor body = random_tensor({1, 8}, 2);
  const auto run = [&](std::uint64_t seed) {
    at::manual_seed(seed);
    return prior->forward(codes, body);
  };
  EXPECT_TRUE(run(1).equal(run(2)));
  prior->train();
  EXPECT_TRUE(run(1).equal(run(1)));
  EXPECT_FALSE(run(1).equal(run(2)));
}

TEST_P(PriorTest, WrongInputGetsASentence) {
  const at::Tensor codes = random_ints({2, 10}, 24, 1);
  EXPECT_NE(input_error([&] {
              prior->forward(codes, random_tensor({2, 9}, 1));
            }).find("expected the body vector [2, 8]"),
            std::string::npos);
  input_error([&] { prior->forward(codes, random_tensor({2, 9, 8}, 1)); });
  input_error([&] { prior->forward(codes.add(24), random_tensor({2, 8}, 1)); });
  input_error([&] { prior->forward(codes.to(at::kFloat), random_tensor({2, 8}, 1)); });
  const ContentInput short_notes{.memory = random_tensor({2, 9, 16}, 1)};
  const std::string message = input_error([&] {
    prior->forward(codes, random_tensor({2, 8}, 1), short_notes);
  });
  EXPECT_NE(message.find(GetParam().content ? "got [2, 9, 16]" : "made without notes"),
            std::string::npos);
  PriorCache cache = prior->start(2, content(2, 1));
  input_error([&] { prior->step(cache, codes.select(1, 0), random_tensor({2, 8}, 1)); });
  prior->step(cache, {}, random_tensor({2, 8}, 1));
  input_error([&] { prior->step(cache, {}, random_tensor({2, 8}, 1)); });
  if (GetParam().content) {
    EXPECT_NE(input_error([&] {
                prior->step(cache, codes.select(1, 0), random_tensor({2, 8}, 1));
              }).find("end at step 1;"),
              std::string::npos);
  }
}

TEST(AttentionTest, TheBandInChunksIsTheBandAtOnce) {
  const std::int64_t steps = 900;
  const at::Tensor q = random_tensor({2, 3, steps, 4}, 1), k = random_tensor({2, 3, steps, 4}, 2),
                   v = random_tensor({2, 3, steps, 4}, 3);
  const at::Tensor position = at::arange(steps);
  const at::Tensor back = position.unsqueeze(1) - position.unsqueeze(0);
  for (const bool causal : {true, false}) {
    for (const std::int64_t context : {1, 10, 300, 899, 900, 2000}) {
      at::Tensor seen = back.lt(context) & back.gt(-context);
      if (causal) seen = seen & back.ge(0);
      const at::Tensor scores = at::matmul(q, k.transpose(2, 3)) / 2.0;  // sqrt(4)
      const at::Tensor expected =
          at::matmul(scores.masked_fill(seen.logical_not(), -INFINITY).softmax(-1), v);
      const at::Tensor got = banded_attention(q, k, v, {.context = context, .causal = causal});
      EXPECT_LT(largest_difference(got, expected), 1e-5) << causal << " " << context;
    }
  }
}

TEST(AttentionTest, RotaryScoresDependOnDistanceOnly) {
  const at::Tensor q = random_tensor({1, 1, 1, 16}, 1).expand({1, 1, 6, 16});
  const at::Tensor k = random_tensor({1, 1, 1, 16}, 2).expand({1, 1, 6, 16});
  const auto scores = [&](std::int64_t first) {
    const RotaryTable table =
        make_rotary({.first = first, .count = 6, .head_width = 16}, q.options());
    return at::matmul(rotate(q, table), rotate(k, table).transpose(2, 3))[0][0];
  };
  const at::Tensor near = scores(0);
  for (std::int64_t i = 0; i < 5; ++i) {
    EXPECT_NEAR(near[i][i + 1].item<double>(), near[0][1].item<double>(), 1e-5);
  }
  EXPECT_GT(std::abs(near[1][0].item<double>() - near[0][0].item<double>()), 1e-3);
  EXPECT_LT(largest_difference(scores(100000), near), 1e-4);  // half an hour of music
}

TEST(AttentionTest, RotaryAnglesAreThoseOfThePage) {
  const RotaryTable table = make_rotary({.first = 3, .count = 2, .head_width = 8}, at::kFloat);
  for (std::int64_t row = 0; row < 2; ++row) {
    for (std::int64_t i = 0; i < 4; ++i) {
      const double angle =
          static_cast<double>(3 + row) * std::pow(10000.0, -2.0 * static_cast<double>(i) / 8);
      EXPECT_NEAR(table.cosines[row][i].item<double>(), std::cos(angle), 1e-7);
      EXPECT_NEAR(table.sines[row][i].item<double>(), std::sin(angle), 1e-7);
    }
  }
  const at::Tensor x = at::arange(8, at::kFloat).view({1, 1, 1, 8});
  const at::Tensor turned =
      rotate(x, make_rotary({.first = 4, .count = 1, .head_width = 8}, at::kFloat));
  const double c = table.cosines[1][1].item<double>(), s = table.sines[1][1].item<double>();
  EXPECT_NEAR(turned[0][0][0][1].item<double>(), 1 * c - 5 * s, 1e-6);  // pair (1, 5)
  EXPECT_NEAR(turned[0][0][0][5].item<double>(), 5 * c + 1 * s, 1e-6);
}

class BodyTest : public ::testing::Test {
 protected:
  Model model = make_model(small_config(), 7);
};

TEST_F(BodyTest, TheBodyVectorFollowsThePoseAndItsOrder) {
  at::Tensor pose = random_tensor({2, 20, 94}, 1).set_requires_grad(true);
  const at::Tensor h = model.body->forward(pose);
  EXPECT_EQ(h.sizes(), at::IntArrayRef({2, 8}));
  EXPECT_GT(largest_difference(h[0], h[1]), 1e-2);
  EXPECT_GT(largest_difference(model.body->forward(pose.flip(1)), h), 1e-2);
  h.sum().backward();
  EXPECT_GT(pose.grad().abs().amax({0, 2}).min().item<double>(), 0);               // every frame
  EXPECT_EQ(pose.grad().abs().amax({0, 1}).gt(0).sum().item<std::int64_t>(), 94);  // every value
}

TEST_F(BodyTest, TheBodyVectorIsTheFinalStatesOfBothDirections) {
  // Forward half: the state after the last frame; backward half: the state after the first.
  torch::nn::GRU gru(
      torch::nn::GRUOptions(94, 4).num_layers(2).bidirectional(true).batch_first(true));
  const auto ours = model.body->named_parameters();
  const at::NoGradGuard no_grad;
  for (auto& item : gru->named_parameters()) item.value().copy_(ours["gru." + item.key()]);
  const at::Tensor pose = random_tensor({3, 15, 94}, 1);
  const at::Tensor states = std::get<0>(gru->forward(pose));  // [B, P, 2 * 4]
  const at::Tensor expected =
      at::cat({states.select(1, 14).narrow(1, 0, 4), states.select(1, 0).narrow(1, 4, 4)}, 1);
  EXPECT_LT(largest_difference(model.body->forward(pose), expected), 1e-6);
}

TEST_F(BodyTest, ThePriorHearsTheBody) {
  enlarge(*model.prior, 1);
  model.eval();
  const at::Tensor codes = random_ints({1, 9}, 24, 1);
  at::Tensor pose = random_tensor({1, 20, 94}, 2).set_requires_grad(true);
  const at::Tensor logits = model.prior->forward(codes, model.body->forward(pose));
  const at::Tensor other =
      model.prior->forward(codes, model.body->forward(random_tensor({1, 20, 94}, 3)));
  EXPECT_GT((logits - other).abs().amax({0, 2}).min().item<double>(), 1e-3);  // at every step
  logits.log_softmax(-1).select(-1, 0).sum().backward();
  EXPECT_GT(pose.grad().abs().sum().item<double>(), 0);
}

TEST_F(BodyTest, WrongKeypointsGetASentence) {
  EXPECT_NE(input_error([&] {
              model.body->forward(random_tensor({2, 20, 50}, 1));
            }).find("expected keypoints [B, P, 94], got [2, 20, 50]"),
            std::string::npos);
  input_error([&] { model.body->forward(random_tensor({2, 0, 94}, 1)); });
}

class ContentTest : public ::testing::Test {
 protected:
  void SetUp() override {
    enlarge(*model.content, 50);
    model.eval();
  }
  Model model = make_model(small_config(), 9);
};

TEST_F(ContentTest, LooksBothWaysInsideTheBand) {
  const std::int64_t steps = 70;
  at::Tensor body = random_tensor({1, steps, 8}, 1).set_requires_grad(true);
  const at::Tensor memory = model.content->forward(random_ints({1, steps}, 129, 2), body);
  EXPECT_EQ(memory.sizes(), at::IntArrayRef({1, steps, 16}));
  memory.select(1, 35).sum().backward();
  const at::Tensor reach = body.grad().abs().amax({0, 2});
  for (std::int64_t t = 0; t < steps; ++t) {
    EXPECT_EQ(reach[t].item<double>() > 0, std::abs(t - 35) <= 22) << t;
  }
}

TEST_F(ContentTest, FollowsNotesAndBody) {
  const at::Tensor notes = random_ints({1, 20}, 129, 2);
  const at::Tensor body = random_tensor({1, 8}, 1);
  const at::Tensor memory = model.content->forward(notes, body);
  EXPECT_GT(largest_difference(model.content->forward(notes.add(1).remainder(129), body), memory),
            1e-2);
  EXPECT_GT(largest_difference(model.content->forward(notes, body + 1), memory), 1e-2);
  const at::Tensor repeated = body.unsqueeze(1).repeat({1, 20, 1});
  EXPECT_EQ(largest_difference(model.content->forward(notes, repeated), memory), 0);
}

TEST_F(ContentTest, ALongPieceGivesWhatItsPartsGive) {
  const std::int64_t steps = 1500;  // several chunks of queries
  const at::Tensor notes = random_ints({1, steps}, 129, 2);
  const at::Tensor body = random_tensor({1, 8}, 1);
  const at::NoGradGuard no_grad;
  const at::Tensor whole = model.content->forward(notes, body);
  // Positions count from the start of the part; only distances may matter.
  const at::Tensor part = model.content->forward(notes.narrow(1, 600, 200), body);
  EXPECT_LT(largest_difference(part.narrow(1, 22, 156), whole.narrow(1, 622, 156)), 2e-5);
}

TEST_F(ContentTest, WrongNotesGetASentence) {
  const at::Tensor body = random_tensor({1, 8}, 1);
  EXPECT_NE(input_error([&] {
              model.content->forward(at::full({1, 4}, 129, at::kLong), body);
            }).find("notes from 0 (rest) to 128"),
            std::string::npos);
  input_error([&] { model.content->forward(random_tensor({1, 4}, 1), body); });
  input_error([&] { model.content->forward(random_ints({1, 4}, 129, 1), body.narrow(1, 0, 7)); });
}

}  // namespace
}  // namespace minet::models
