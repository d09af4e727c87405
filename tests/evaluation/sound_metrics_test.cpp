// notes and instrument from a model folder to JSON, on a corpus of tones and a model with random
// weights: the chain is whole, real sound is near perfect, and what cannot be measured is said.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "evaluation/support.hpp"
#include "minet/evaluation/instrument.hpp"
#include "minet/evaluation/notes.hpp"
#include "support/temp_folder.hpp"

namespace minet::evaluation {
namespace {

EvalOptions options_for(const std::filesystem::path& folder, const std::filesystem::path& corpus) {
  save_model(make_model_for(corpus, small_config()), folder / "model");
  return {.model = folder / "model", .corpus = corpus, .clips = 3, .device = "cpu", .threads = 1};
}

TEST(Notes, OfRealSoundAreNearPerfectAndOfARandomModelAreNot) {
  const testing::TempFolder folder;
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
  EXPECT_EQ(json["clips"], 3);
}

TEST(Notes, NeedNotes) {
  const testing::TempFolder folder;
  const auto corpus = make_corpus(folder.path(), {.notes = false});
  EXPECT_CONTAINS(
      input_error_of([&] { evaluate_notes({.common = options_for(folder.path(), corpus)}); }),
      "two tracks with notes");
}

TEST(Instrument, NeedsLabels) {
  const testing::TempFolder folder;
  const auto corpus = make_corpus(folder.path(), {});
  EXPECT_CONTAINS(
      input_error_of([&] { evaluate_instrument({.common = options_for(folder.path(), corpus)}); }),
      "two instruments");
}

}  // namespace
}  // namespace minet::evaluation
