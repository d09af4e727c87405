// notes and instrument from a model folder to JSON, on a corpus of tones and a model with random
// weights: the chain is complete, real sound is near perfect, and anything unmeasurable is named.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "evaluation/support.hpp"
#include "minet/config/config.hpp"
#include "minet/evaluation/instrument.hpp"
#include "minet/evaluation/notes.hpp"
#include "minet/evaluation/sampling_search.hpp"
#include "support/temp_folder.hpp"

namespace minet::evaluation {
namespace {

EvalOptions options_for(const std::filesystem::path& folder, const std::filesystem::path& corpus) {
  save_model(make_model_for(corpus, small_config()), folder / "model");
  return {.model = folder / "model", .corpus = corpus, .clips = 3, .device = "cpu", .threads = 1};
}

TEST(Notes, OfRealSoundAreNearPerfectAndOfARandomModelAreNot) {
  const TempFolder folder;
  const auto corpus = make_corpus(folder.path(), {});
  const EvalResult result =
      evaluate_notes({.common = options_for(folder.path(), corpus), .iterations = 4});
  const auto json = nlohmann::json::parse(result.json);
  const auto& chain = json["chain"];
  EXPECT_GT(chain["real"]["pitch_accuracy"].get<double>(), 0.95);
  EXPECT_GT(chain["real"]["onset_f1"].get<double>(), 0.8);
  EXPECT_LT(chain["real"]["chroma_distance"].get<double>(), 0.3);
  EXPECT_LT(chain["real"]["chance"]["pitch_accuracy"].get<double>(), 0.4);
  EXPECT_GT(chain["inverted"]["pitch_accuracy"].get<double>(), 0.9);
  EXPECT_TRUE(chain.contains("reconstruction"));
  EXPECT_LT(chain["generated"]["pitch_recall"].get<double>(), 0.4);
  EXPECT_EQ(chain["generated"]["onset_f1"], json["onset_f1"]);
  EXPECT_TRUE(json["notes_given"].get<bool>());
  // Without notes: a separate stage, beside the chance level from another player's movements.
  EXPECT_EQ(chain["keypoints_alone"]["onset_f1"], json["keypoints_alone"]["onset_f1"]);
  EXPECT_TRUE(json["keypoints_alone"]["chance"].contains("pitch_recall"));
  EXPECT_EQ(json["clips"], 3);
}

TEST(Notes, SayWhereAndHowLong) {
  const TempFolder folder;
  const auto corpus = make_corpus(folder.path(), {.instruments = true});
  EvalOptions twice = options_for(folder.path(), corpus);
  twice.clips = 6;  // two of each track
  const EvalResult result = evaluate_notes({.common = twice, .iterations = 4, .whole_seconds = 6});
  const auto json = nlohmann::json::parse(result.json);
  const auto& real = json["chain"]["real"];
  // Notes of 0.45 s, end to end but for 50 ms in which the tone fades.
  EXPECT_NEAR(real["held"]["median_s"].get<double>(), 0.45, 0.08);
  EXPECT_NEAR(json["whole_tracks"]["real"]["median_s"].get<double>(), 0.45, 0.08);
  EXPECT_EQ(json["whole_tracks"]["tracks"], 3);
  EXPECT_NEAR(json["whole_tracks"]["seconds"].get<double>(), 18, 0.1);
  std::int64_t frames = 0, clips = 0;
  for (const auto& octave : real["by_octave"]) frames += octave["frames"].get<std::int64_t>();
  EXPECT_EQ(frames, json["frames"]);
  EXPECT_EQ(real["near_onsets"]["frames"].get<std::int64_t>() +
                real["later"]["frames"].get<std::int64_t>(),
            frames);
  double least = 1;
  for (const auto& of : json["chain"]["generated"]["by_instrument"]) {
    clips += of["clips"].get<std::int64_t>();
    least = std::min(least, of["pitch_recall"].get<double>());
  }
  EXPECT_EQ(clips, 6);
  EXPECT_EQ(json["worst_instrument"]["pitch_recall"].get<double>(), least);
  const auto& coded = json["chain"]["reconstruction"]["codes"];
  EXPECT_GT(coded["repeat_share"].get<double>(), 0);
  EXPECT_LE(coded["most_repeated"][1]["share_of_repeats"].get<double>(),
            coded["most_repeated"][0]["share_of_repeats"].get<double>());
  EXPECT_TRUE(json["chain"]["generated"]["codes"].contains("repeat_share"));
  EXPECT_FALSE(real.contains("codes"));
  EXPECT_CONTAINS(result.report, "Worst, generated: ");
}

TEST(Notes, OfAModelWithoutContentAreFromKeypointsAlone) {
  const TempFolder folder;
  const auto corpus = make_corpus(folder.path(), {});
  save_model(make_model_for(corpus, small_config(false)), folder.path() / "model");
  const EvalResult result = evaluate_notes({.common = {.model = folder.path() / "model",
                                                       .corpus = corpus,
                                                       .clips = 3,
                                                       .device = "cpu",
                                                       .threads = 1},
                                            .iterations = 4,
                                            .whole_seconds = 0});
  const auto json = nlohmann::json::parse(result.json);
  EXPECT_FALSE(json["chain"].contains("keypoints_alone"));
  EXPECT_EQ(json["keypoints_alone"]["pitch_recall"], json["pitch_recall"]);
  EXPECT_FALSE(json.contains("whole_tracks"));
  EXPECT_FALSE(json.contains("worst_instrument"));  // no labels
}

TEST(Notes, NeedNotes) {
  const TempFolder folder;
  const auto corpus = make_corpus(folder.path(), {.notes = false});
  EXPECT_CONTAINS(
      input_error([&] { evaluate_notes({.common = options_for(folder.path(), corpus)}); }),
      "two tracks with notes");
}

TEST(SamplingSearch, PlaysEveryPairOnTheSameClipsAndKeepsWhatIsNotClearlyBeaten) {
  const TempFolder folder;
  const auto corpus = make_corpus(folder.path(), {.instruments = true});
  EvalOptions common = options_for(folder.path(), corpus);
  common.clips = 12;
  const EvalResult result = search_sampling({.common = common,
                                             .temperatures = {0.5, 1},
                                             .top_ps = {1},
                                             .train_clips = 8,
                                             .iterations = 2});
  const auto json = nlohmann::json::parse(result.json);
  for (const char* way : {"keypoints_alone", "with_notes"}) {
    const auto& trials = json[way]["trials"];
    ASSERT_EQ(trials.size(), 2u);  // the model's own, temperature 1, is in the grid
    EXPECT_EQ(trials[0]["temperature"], 1);
    EXPECT_EQ(trials[1]["temperature"], 0.5);
    const double gain = json[way]["gain"];
    EXPECT_GE(gain, 0);
    const std::size_t best = json[way]["best"];
    EXPECT_NEAR(gain, trials[best]["score"].get<double>() - trials[0]["score"].get<double>(),
                1e-12);
    EXPECT_EQ(json[way]["replace"].get<bool>(),
              gain > 3 * json[way]["gain_standard_error"].get<double>());
    EXPECT_TRUE(trials[0].contains("repeat_share"));
  }
  const auto& told = json["with_notes"]["trials"][0];
  EXPECT_NEAR(told["score"].get<double>(),
              (told["instrument"].get<double>() + told["pitch_recall"].get<double>() +
               told["onset_f1"].get<double>()) /
                  3,
              1e-12);
  EXPECT_NEAR(json["real"]["held_median_s"].get<double>(), 0.45, 0.08);
  EXPECT_CONTAINS(json["yaml"].get<std::string>(), "generation:\n  temperature: ");
  EXPECT_CONTAINS(
      input_error([&] {
        search_sampling({.common = options_for(folder.path(), corpus), .temperatures = {-1}});
      }),
      "temperature");
}

TEST(SamplingSearch, RecommendsNothingOnFewClips) {
  const TempFolder folder;
  const auto corpus = make_corpus(folder.path(), {.instruments = true});
  EvalOptions one = options_for(folder.path(), corpus);
  one.clips = 1;
  // The model's own settings leave almost nothing to chance, so some other pair is better.
  config::TrainConfig cold = small_config();
  cold.generation.temperature = cold.generation.notes_temperature = 0;
  spill(folder.path() / "model" / "config.yaml", config::to_yaml(cold));
  const EvalResult result = search_sampling({.common = one,
                                             .temperatures = {0.5, 1, 1.5, 2},
                                             .top_ps = {1},
                                             .train_clips = 8,
                                             .iterations = 2});
  const auto json = nlohmann::json::parse(result.json);
  for (const char* way : {"keypoints_alone", "with_notes"}) {
    EXPECT_FALSE(json[way]["replace"].get<bool>()) << json[way];
    EXPECT_TRUE(json[way]["gain_standard_error"].is_null());
  }
  EXPECT_CONTAINS(result.report, "fewer than 10 clips cannot tell");
  EXPECT_EQ(json["generation"]["temperature"], 0);
}

TEST(Instrument, OfClipsWithNotesLeavesOutTheOthers) {
  const TempFolder folder;
  const auto corpus = make_corpus(folder.path(), {.last_without_notes = 1, .instruments = true});
  InstrumentOptions options{
      .common = options_for(folder.path(), corpus), .train_clips = 8, .iterations = 2};
  EXPECT_EQ(nlohmann::json::parse(evaluate_instrument(options).json)["clips"], 3);
  options.clips_with_notes = true;
  const auto json = nlohmann::json::parse(evaluate_instrument(options).json);
  EXPECT_EQ(json["clips"], 2);
  EXPECT_EQ(json["notes_given"], false);
}

TEST(Instrument, NeedsLabels) {
  const TempFolder folder;
  const auto corpus = make_corpus(folder.path(), {});
  EXPECT_CONTAINS(
      input_error([&] { evaluate_instrument({.common = options_for(folder.path(), corpus)}); }),
      "two instruments");
}

}  // namespace
}  // namespace minet::evaluation
