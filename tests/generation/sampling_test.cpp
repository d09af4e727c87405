// Sampling codes: top-k and top-p keep what they promise, frequencies match the probabilities, and
// sampling with the cache gives the same codes as with the whole context.
#include "minet/generation/sampling.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "generation/draw_each.hpp"
#include "generation/sidecar.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/random.hpp"
#include "minet/generation/render.hpp"
#include "models/cpu/compute_paths.hpp"

namespace minet::generation {
namespace {

TEST(Sampling, IsAsTheModelSaysWhereNothingElseIsAskedFor) {
  const config::GenerationConfig model{.temperature = 0.5,
                                       .top_p = 0.25,
                                       .notes_temperature = 0.75,
                                       .notes_top_p = 0.875,
                                       .top_k = 7,
                                       .level_temperature = 0.125};
  const SamplingOptions alone = sampling_of({.seed = 3}, model, false);
  EXPECT_EQ(alone.temperature, 0.5);
  EXPECT_EQ(alone.top_p, 0.25);
  EXPECT_EQ(alone.top_k, 7);
  EXPECT_EQ(alone.level_temperature, 0.125);
  EXPECT_EQ(alone.seed, 3u);
  const SamplingOptions told = sampling_of({}, model, true);
  EXPECT_EQ(told.temperature, 0.75);
  EXPECT_EQ(told.top_p, 0.875);
  const SamplingOptions asked =
      sampling_of({.temperature = 0, .top_k = 0, .top_p = 1}, model, true);
  EXPECT_EQ(asked.temperature, 0);
  EXPECT_EQ(asked.top_k, 0);
  EXPECT_EQ(asked.top_p, 1);
  EXPECT_THROW(sampling_of({.top_p = 0}, model, true), InputError);
}

std::set<std::int64_t> drawn(const std::vector<float>& logits, const SamplingOptions& options) {
  std::set<std::int64_t> codes;
  for (int i = 0; i < 1000; ++i) codes.insert(draw(logits, options, (i + 0.5) / 1000));
  return codes;
}

TEST(Draw, TemperatureZeroAndTopOneTakeTheMostProbable) {
  const std::vector<float> logits{0.1f, 2.0f, 2.0f, -1.0f};
  EXPECT_EQ(drawn(logits, {.temperature = 0}), (std::set<std::int64_t>{1}));
  EXPECT_EQ(drawn(logits, {.top_k = 1}), (std::set<std::int64_t>{1}));
}

TEST(Draw, CutsKeepTheRightCodes) {
  const std::vector<float> logits{std::log(0.1f), std::log(0.4f), std::log(0.2f), std::log(0.3f)};
  EXPECT_EQ(drawn(logits, {}), (std::set<std::int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(drawn(logits, {.top_k = 2}), (std::set<std::int64_t>{1, 3}));
  EXPECT_EQ(drawn(logits, {.top_p = 0.35}), (std::set<std::int64_t>{1}));
  EXPECT_EQ(drawn(logits, {.top_p = 0.75}), (std::set<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(drawn(logits, {.top_k = 3, .top_p = 0.75}),
            (std::set<std::int64_t>{1, 3}));  // of 0.9 left by top-k
}

TEST(Draw, FrequenciesAreTheProbabilities) {
  const std::vector<float> logits{0.0f, 1.0f, -2.0f};
  Random random(1);
  const int draws = 100000;
  std::vector<int> counts(3);
  for (int i = 0; i < draws; ++i)
    ++counts[static_cast<std::size_t>(draw(logits, {.temperature = 2}, random.uniform()))];
  double total = 0;
  for (const float logit : logits) total += std::exp(logit / 2);
  for (std::size_t i = 0; i < 3; ++i) {
    const double p = std::exp(logits[i] / 2) / total;
    EXPECT_NEAR(counts[i], draws * p, 4 * std::sqrt(draws * p * (1 - p)));
  }
}

TEST(Draw, ExtremeLogitsAreSurvived) {
  EXPECT_EQ(draw(std::vector<float>{-1e30f, 1e30f, 0.0f}, {}, 0.999999), 1);
  EXPECT_EQ(draw(std::vector<float>{5.0f}, {.temperature = 1e-6}, 0.0), 0);
}

TEST(Draw, InTensorsItIsTheSame) {
  at::manual_seed(1);
  const std::int64_t rows = 200, codes = 32;
  at::Tensor logits = at::randn({rows, codes}) * 3;
  logits[0].fill_(-1e30);
  logits[0][7] = 1e30;
  at::Tensor uniform = at::rand({rows}, at::kDouble);
  uniform[1] = 0;
  uniform[2] = 1 - 1e-16;
  for (const SamplingOptions& options :
       {SamplingOptions{}, SamplingOptions{.temperature = 0}, SamplingOptions{.temperature = 0.3},
        SamplingOptions{.top_k = 5}, SamplingOptions{.top_p = 0.7},
        SamplingOptions{.temperature = 2, .top_k = 9, .top_p = 0.8}, SamplingOptions{.top_k = 1}}) {
    const at::Tensor drawn = draw_each(logits, options, uniform);
    for (std::int64_t row = 0; row < rows; ++row) {
      const float* const values = logits[row].const_data_ptr<float>();
      EXPECT_EQ(drawn[row].item<std::int64_t>(), draw({values, static_cast<std::size_t>(codes)},
                                                      options, uniform[row].item<double>()))
          << "row " << row << ", top_k " << options.top_k << ", top_p " << options.top_p;
    }
  }
}

TEST(Draw, OptionsOutOfRangeAreRefused) {
  EXPECT_THROW(check({.temperature = -1}), InputError);
  EXPECT_THROW(check({.temperature = NAN}), InputError);
  EXPECT_THROW(check({.top_k = -1}), InputError);
  EXPECT_THROW(check({.top_p = 0}), InputError);
  EXPECT_THROW(check({.top_p = 1.1}), InputError);
}

class SamplingTest : public testing::Test {
 protected:
  SamplingTest() {
    at::set_num_threads(1);
    at::manual_seed(1);
    config_.spectrogram.n_fft = 64;
    config_.spectrogram.bins = 32;
    config_.spectrogram.hop = 16;
    config_.vqvae.channels = 16;
    config_.vqvae.bands = {4, 2, 2, 1};
    config_.vqvae.codes = 32;
    config_.vqvae.code_width = 8;
    config_.body = {.hidden = 4, .layers = 1};
    config_.prior.heads = 2;
    config_.prior.ffn = 32;
    config_.prior.context = 12;
    config_.prior.embedding = config::EmbeddingInit::random;
    config_.content.heads = 2;
    config_.content.ffn = 32;
    config_.content.alignment = config::Alignment::both;
    make();
  }
  void make() {
    model_ = models::make_model(config_, 1);
    at::NoGradGuard no_grad;  // larger weights, so that the logits differ
    for (at::Tensor& weight : model_.prior->parameters()) weight.mul_(6);
  }
  // Compares codes sampled one by one with those from the whole sequence's logits.
  void expect_codes_of_the_whole_context();
  config::TrainConfig config_;
  models::Model model_;
};

void SamplingTest::expect_codes_of_the_whole_context() {
  const std::int64_t steps = 40;  // well past the context
  const at::Tensor body = at::randn({2, steps, 8}),
                   notes = at::randint(0, 129, {2, steps}, at::kLong);
  for (const bool with_notes : {false, true}) {
    const at::Tensor codes =
        sample_codes(model_, body, with_notes ? notes : at::Tensor(), {.seed = 3});
    at::NoGradGuard no_grad;
    models::ContentInput content;
    if (with_notes) content.memory = model_.content->forward(notes, body);
    const at::Tensor logits = model_.prior->forward(codes, body, content).contiguous();
    for (std::int64_t b = 0; b < 2; ++b) {
      Random random(derive_seed(3, "codes", static_cast<std::uint64_t>(b)));
      for (std::int64_t t = 0; t < steps; ++t) {
        const float* row = logits[b][t].const_data_ptr<float>();
        EXPECT_EQ(draw({row, 32}, {}, random.uniform()), codes[b][t].item<std::int64_t>())
            << "step " << t;
      }
    }
  }
}

TEST_F(SamplingTest, TheCacheDrawsWhatTheWholeContextWould) {
  expect_codes_of_the_whole_context();
}

TEST_F(SamplingTest, TheGruSeq2SeqDrawsWhatTheWholeContextWould) {
  config_.prior.kind = config::PriorKind::gru;
  make();
  expect_codes_of_the_whole_context();
}

TEST_F(SamplingTest, LongNotesAreLookedAtInStretchesAsIfWhole) {
  const std::int64_t steps = 16 * 12 * 2 + 30;  // contexts of 12: three stretches
  const at::Tensor body = at::randn({1, steps, 8}),
                   notes = at::randint(0, 129, {1, steps}, at::kLong);
  const at::Tensor codes = sample_codes(model_, body, notes, {.seed = 3});
  const at::Tensor whole = [&] {
    const models::OtherPaths paths({.packed_sampling = false});
    return sample_codes(model_, body, notes, {.seed = 3});
  }();
  EXPECT_TRUE(at::equal(codes, whole));
  const at::Tensor other = sample_codes(model_, body, notes.roll(7, 1), {.seed = 3});
  EXPECT_FALSE(at::equal(codes, other));
}

TEST_F(SamplingTest, APieceIsTheSameInABatchOfAnySize) {
  const at::Tensor body = at::randn({1, 30, 8}).expand({3, 30, 8});
  const at::Tensor three = sample_codes(model_, body, {}, {.seed = 5});
  const at::Tensor one = sample_codes(model_, body.narrow(0, 0, 1), {}, {.seed = 5});
  EXPECT_TRUE(at::equal(three[0], one[0]));
  EXPECT_FALSE(at::equal(three[0], three[1]));
}

TEST_F(SamplingTest, TheBodyOfAStepIsThatOfItsWindow) {
  const std::int64_t frames = 225;  // 9 s: windows at 0, 4 and, so that the last is whole, 5 s
  pose::PoseSequence pose{.fps = 25, .frames = frames, .data = {}};
  for (std::int64_t i = 0; i < frames * 47 * 3; ++i)
    pose.data.push_back(static_cast<float>(std::sin(0.01 * static_cast<double>(i * i % 997))));
  const std::int64_t clip = config_.clip_frames();
  const at::Tensor body = body_track(model_, pose, 2 * clip + 10);  // [1, T, H]
  EXPECT_EQ(body.size(1), 2 * clip + 10);
  EXPECT_TRUE(at::equal(body[0][0], body[0][clip - 1]));
  EXPECT_FALSE(at::allclose(body[0][clip - 1], body[0][clip]));
  EXPECT_TRUE(at::equal(body[0][2 * clip], body[0][2 * clip + 9]));
  pose::PoseSequence tail{
      .fps = 25, .frames = 100, .data = {pose.data.end() - 100 * 47 * 3, pose.data.end()}};
  EXPECT_TRUE(at::allclose(body_track(model_, tail, 1)[0][0], body[0][2 * clip], 1e-4, 1e-5));
}

TEST_F(SamplingTest, TheWindowsOfALongPieceAreWhereItsCodesAre) {
  model_.config.data.clip_seconds = 1.025;  // 0.025 s more than the codes of a clip last
  model_.config.spectrogram = {.sample_rate = 8000, .hop = 400};
  const std::int64_t clip = model_.config.clip_frames();
  ASSERT_EQ(clip, 20);
  pose::PoseSequence pose{.fps = 25, .frames = 1500, .data = {}};
  for (std::int64_t i = 0; i < pose.frames * 47 * 3; ++i)
    pose.data.push_back(static_cast<float>(std::sin(0.01 * static_cast<double>(i * i % 997))));
  const at::Tensor body = body_track(model_, pose, 51 * clip);
  const pose::PoseSequence from_50_s{
      .fps = 25, .frames = 250, .data = {pose.data.begin() + 1250 * 47 * 3, pose.data.end()}};
  EXPECT_TRUE(at::allclose(body[0][50 * clip], body_track(model_, from_50_s, 1)[0][0], 1e-4, 1e-5));
}

TEST_F(SamplingTest, SoundHasAHopForEachCodeAndDoesNotClip) {
  model_.scale.reference = 1e4;  // loud
  const at::Tensor codes = at::randint(0, 32, {70}, at::kLong);
  const audio::Sound sound = render(model_, codes, {.iterations = 2});
  EXPECT_EQ(sound.samples.size(), 70u * 16u);
  for (const float sample : sound.samples) EXPECT_LE(std::abs(sample), 1.0f);
}

TEST(SidecarTest, ComesBackAsItWasAndHostileOnesAreRefused) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("minet-sidecar-" + std::to_string(::getpid()) + ".json");
  const Sidecar sidecar{.model = "runs/a",
                        .model_sha256 = "ab",
                        .version = "0.1.0",
                        .torch = "2.11.0",
                        .device = "cpu",
                        .capability = "AVX2",
                        .threads = 2,
                        .iterations = 7,
                        .inversion_seed = 9,
                        .codes = {1, 2, 3},
                        .body = {},
                        .inputs = {{"pose", "p.npy"}}};
  save_file(path, to_json(sidecar));
  const Sidecar read = read_sidecar(path);
  EXPECT_EQ(read.codes, sidecar.codes);
  EXPECT_EQ(read.threads, 2);
  EXPECT_EQ(read.inversion_seed, 9u);
  EXPECT_EQ(read.inputs, sidecar.inputs);
  for (const std::string& hostile : {std::string("{}"), std::string("[1"),
                                     std::string(R"({"format":"minet sound","codes":"x"})"),
                                     R"({"format":"minet sound","a":)" + std::string(50000, '[')}) {
    save_file(path, hostile);
    EXPECT_THROW(read_sidecar(path), InputError) << hostile.substr(0, 60);
  }
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace minet::generation
