// The GRU-Seq2Seq of table 5: against the PyTorch mirror in tests/reference, whole and step by
// step, receptive fields, files, and what is refused.
#include <set>
#include <string>
#include <vector>

#include "minet/models/content_gru.hpp"
#include "minet/models/fast_prior.hpp"
#include "minet/models/model.hpp"
#include "minet/models/prior_gru.hpp"
#include "models/support.hpp"
#include "reference/golden.hpp"

namespace minet::models {
namespace {

using reference::agrees;
using reference::Golden;
using reference::set_weights;
using reference::tensors_of;

struct SeqCase {
  std::string name;
  bool moving = false;   // h changes from step to step
  bool notes = false;    // there are notes
  bool present = false;  // which are hidden from some clips
};
void PrintTo(const SeqCase& c, std::ostream* stream) {
  *stream << c.name;
}

class GruSeq2SeqParity : public ::testing::TestWithParam<SeqCase> {
 protected:
  void SetUp() override {
    prior = make_prior(config);
    ASSERT_NE(prior->as<PriorGruImpl>(), nullptr);
    set_weights(*prior, "prior.", golden);
    if (!config.content.enabled) return;
    content = make_content(config);
    ASSERT_NE(content->as<ContentGruImpl>(), nullptr);
    set_weights(*content, "content.", golden);
  }
  at::Tensor body() const {
    return golden.at(GetParam().moving ? "input.moving_body" : "input.body");
  }
  ContentInput input(const at::Tensor& h) {
    if (!GetParam().notes) return {};
    return {.memory = content->forward(golden.at("input.notes"), h),
            .present = GetParam().present ? golden.at("input.present") : at::Tensor()};
  }
  const Golden golden{"gru_seq2seq"};
  const std::string name = GetParam().name;
  const config::TrainConfig config = golden.config(name);
  const at::Tensor codes = golden.at("input.codes");
  Prior prior{nullptr};
  ContentModel content{nullptr};
};

TEST_P(GruSeq2SeqParity, GivesTheMirrorsLogitsLossAndGradients) {
  const at::Tensor h = body().clone().requires_grad_(true);
  const ContentInput notes = input(h);
  const at::Tensor logits = prior->forward(codes, h, notes);
  (logits * golden.at("probe.logits")).sum().backward();
  EXPECT_TRUE(agrees("logits", logits, golden.at(name + ".output.logits"), kOutput));
  EXPECT_TRUE(agrees("cross-entropy", at::cross_entropy_loss(logits.flatten(0, 1), codes.flatten()),
                     golden.at(name + ".output.cross_entropy"), kOutput));
  EXPECT_TRUE(agrees("body", h.grad(), golden.at(name + ".grad.input.body"), kGradient));
  if (golden.has(name + ".output.memory")) {
    EXPECT_TRUE(agrees("memory", notes.memory, golden.at(name + ".output.memory"), kOutput));
  }
  auto tensors = tensors_of(*prior, "prior.");
  if (GetParam().notes) tensors.merge(tensors_of(*content, "content."));
  int compared = 0;
  for (const auto& [parameter, gradient] : golden.under(name + ".grad.")) {
    if (parameter.starts_with("input.")) continue;
    ASSERT_TRUE(tensors.contains(parameter)) << parameter;
    EXPECT_TRUE(agrees(parameter, tensors[parameter].grad(), gradient, kGradient));
    ++compared;
  }
  EXPECT_GT(compared, 0);
  if (name == "cross") {
    EXPECT_EQ(compared, 40);  // all there are
  }
}

TEST_P(GruSeq2SeqParity, GivesTheMirrorsLogitsStepByStepWithACache) {
  const at::NoGradGuard no_grad;
  prior->eval();
  PriorCache cache = prior->start(codes.size(0), input(body()));
  std::vector<at::Tensor> steps;
  for (std::int64_t t = 0; t < codes.size(1); ++t) {
    steps.push_back(prior->step(cache, t == 0 ? at::Tensor() : codes.select(1, t - 1),
                                GetParam().moving ? body().select(1, t) : body()));
  }
  EXPECT_TRUE(agrees("logits", at::stack(steps, 1), golden.at(name + ".output.logits"), kOutput));
}

INSTANTIATE_TEST_SUITE_P(
    , GruSeq2SeqParity,
    ::testing::Values(SeqCase{.name = "bare"},
                      SeqCase{.name = "moving", .moving = true, .notes = true},
                      SeqCase{.name = "tied"}, SeqCase{.name = "added", .notes = true},
                      SeqCase{.name = "cross", .notes = true},
                      SeqCase{.name = "both", .notes = true},
                      SeqCase{.name = "cross_present", .notes = true, .present = true},
                      SeqCase{.name = "added_present", .notes = true, .present = true}),
    [](const auto& one) { return one.param.name; });

config::TrainConfig small_gru() {
  config::TrainConfig config = small_config();
  config.prior.kind = config::PriorKind::gru;
  config.content.heads = 7;  // not used
  config.content.layers = 1;
  return config;
}

TEST(GruSeq2SeqTest, NamesAreTheMirrors) {
  const Golden golden("gru_seq2seq");
  std::set<std::string> ours;
  const auto add = [&](const torch::nn::Module& module, const std::string& prefix) {
    for (const auto& [name, tensor] : tensors_of(module, prefix)) ours.insert(name);
  };
  for (const std::string of_case : {"both", "tied"}) {
    add(*make_prior(golden.config(of_case)), "prior.");
  }
  add(*make_content(golden.config("both")), "content.");
  std::set<std::string> theirs;
  for (const auto& [name, tensor] : golden.under("weights.")) theirs.insert(name);
  EXPECT_EQ(ours, theirs);
}

TEST(GruSeq2SeqTest, ACodeSeesTheCodesBeforeItAndAllOfTheNotes) {
  const at::NoGradGuard no_grad;
  Model model = make_model(small_gru(), 1);
  enlarge(*model.prior, 100);
  enlarge(*model.content, 200);
  model.eval();
  const at::Tensor body = random_tensor({1, 8}, 1), notes = random_ints({1, 9}, 129, 2);
  const at::Tensor codes = random_ints({1, 9}, 24, 3);
  const auto logits = [&](const at::Tensor& c, const at::Tensor& n) {
    return model.prior->forward(c, body, {.memory = model.content->forward(n, body)});
  };
  const at::Tensor all = logits(codes, notes);
  at::Tensor other_code = codes.clone();
  other_code.select(1, 5).add_(1).remainder_(24);
  const at::Tensor after = logits(other_code, notes);
  EXPECT_TRUE(after.narrow(1, 0, 6).equal(all.narrow(1, 0, 6)));
  EXPECT_GT(largest_difference(after.select(1, 6), all.select(1, 6)), 1e-3);
  EXPECT_GT(largest_difference(after.select(1, 8), all.select(1, 8)), 1e-4);
  for (const std::int64_t step : {0, 8}) {  // either end reaches either end
    at::Tensor other_note = notes.clone();
    other_note.select(1, step).add_(1).remainder_(129);
    const at::Tensor changed = logits(codes, other_note);
    EXPECT_GT(largest_difference(changed.select(1, 0), all.select(1, 0)), 1e-4) << step;
    EXPECT_GT(largest_difference(changed.select(1, 8), all.select(1, 8)), 1e-4) << step;
  }
  // A clip whose notes are hidden equals one without notes.
  const at::Tensor hidden = model.prior->forward(
      codes, body, {.memory = model.content->forward(notes, body), .present = at::zeros({1})});
  EXPECT_LT(largest_difference(hidden, model.prior->forward(codes, body)), 1e-6);
}

TEST(GruSeq2SeqTest, AllOfItLearnsAndItsFileGivesItBack) {
  const config::TrainConfig config = small_gru();
  Model model = make_model(config, 3);
  const ParameterCounts counts = parameter_counts(model);
  EXPECT_EQ(counts.prior, expected_parameter_counts(config).prior);
  EXPECT_EQ(counts.content, expected_parameter_counts(config).content);
  EXPECT_FALSE(FastPrior::can_run(model.prior));
  const at::Tensor body = random_tensor({2, 8}, 1), notes = random_ints({2, 5}, 129, 2);
  const at::Tensor codes = random_ints({2, 5}, 24, 3);
  const auto logits = [&](Model& of) {
    return of.prior->forward(codes, body, {.memory = of.content->forward(notes, body)});
  };
  logits(model).square().sum().backward();
  expect_gradient_everywhere(*model.content);
  expect_gradient_everywhere(*model.prior);
  Model other = make_model(config, 4);
  load_model_state(other, model_state(model), "state");
  other.eval();
  model.eval();
  EXPECT_TRUE(logits(other).equal(logits(model)));
}

TEST(GruSeq2SeqTest, ThePaperSizeIsThatOfThePage) {
  config::TrainConfig paper;
  paper.prior.kind = config::PriorKind::gru;
  EXPECT_EQ(expected_parameter_counts(paper).prior, 494400);
  EXPECT_EQ(expected_parameter_counts(paper).content, 157248);
  paper.content.enabled = false;
  EXPECT_EQ(expected_parameter_counts(paper).prior, 395072);
}

TEST(GruSeq2SeqTest, RefusesNotesFromTheMiddleAndTheWrongBody) {
  const config::TrainConfig config = small_gru();
  Model model = make_model(config, 3);
  EXPECT_NE(input_error([&] {
              model.prior->start(1, {.memory = random_tensor({1, 4, 16}, 1), .first = 2});
            }).find("expected the notes of all steps"),
            std::string::npos);
  EXPECT_NE(input_error([&] {
              model.content->forward(random_ints({2, 5}, 129, 2), random_tensor({2, 7}, 1));
            }).find("expected the body vector [2, 8]"),
            std::string::npos);
}

}  // namespace
}  // namespace minet::models
