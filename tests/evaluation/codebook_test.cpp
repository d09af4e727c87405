// Use, hold lengths and meaning of codes on synthetic cases with known answers, the dictionary's
// page and tables, and all of mi_eval codebook on a small corpus with a small random model.
#include "minet/evaluation/codebook.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "evaluation/code_information.hpp"
#include "evaluation/code_usage.hpp"
#include "evaluation/dictionary_page.hpp"
#include "evaluation/held_codes.hpp"
#include "evaluation/support.hpp"
#include "minet/audio/sound.hpp"
#include "minet/core/csv.hpp"
#include "minet/core/random.hpp"
#include "minet/evaluation/reconstruction.hpp"

namespace minet::evaluation {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

TEST(CodeUse, OfOneCodeHasPerplexityOne) {
  const CodeUse use = code_use({CodeSequence(100, 3), CodeSequence(50, 3)}, 8);
  EXPECT_DOUBLE_EQ(use.perplexity, 1);
  EXPECT_EQ(use.ranked, std::vector<std::int64_t>{3});
  EXPECT_EQ(use.codes_for(0.5), 1);
  EXPECT_EQ(use.holds.longest, 100);
  EXPECT_DOUBLE_EQ(use.holds.mean, 75);
  EXPECT_DOUBLE_EQ(use.mean_hold(3), 75);
  EXPECT_EQ(use.mean_hold(0), 0);
}

TEST(CodeUse, OfAllCodesAlikeHasPerplexityK) {
  CodeSequence sequence;
  for (int i = 0; i < 320; ++i) sequence.push_back(i % 32);
  const CodeUse use = code_use({sequence}, 32);
  EXPECT_NEAR(use.perplexity, 32, 1e-9);
  EXPECT_EQ(use.ranked.size(), 32u);
  EXPECT_EQ(use.ranked.front(), 0) << "of equal counts, the lowest code comes first";
  EXPECT_EQ(use.codes_for(0.5), 16);
  EXPECT_EQ(use.codes_for(0.9), 29);
  EXPECT_DOUBLE_EQ(use.holds.mean, 1);
  EXPECT_DOUBLE_EQ(use.share(7), 1.0 / 32);
}

TEST(CodeUse, CountsRunsWithinSequencesOnly) {
  const CodeUse use = code_use({{1, 1, 1, 2, 1}, {1, 1, 0, 0, 0}}, 4);
  EXPECT_EQ(use.counts, (std::vector<std::int64_t>{3, 6, 1, 0}));
  EXPECT_EQ(use.runs, (std::vector<std::int64_t>{1, 3, 1, 0}));
  EXPECT_EQ(use.ranked, (std::vector<std::int64_t>{1, 0, 2}));
  EXPECT_DOUBLE_EQ(use.holds.mean, 2);    // 3, 1, 1, 2, 3
  EXPECT_DOUBLE_EQ(use.holds.median, 2);  // sorted 1, 1, 2, 3, 3
  EXPECT_DOUBLE_EQ(use.holds.p90, 3);
  EXPECT_EQ(use.total(), 10);
  EXPECT_CONTAINS(input_error([] { code_use({{4}}, 4); }), "expected 0 to 3, got 4");
}

// Clips, four per track, with labels held for 25 frames and codes that follow `rule`.
template <class Rule>
std::vector<LabelledClip> made_clips(std::int64_t tracks, std::int64_t labels, std::uint64_t seed,
                                     const Rule& rule) {
  Random random(seed);
  std::vector<LabelledClip> clips;
  for (std::int64_t i = 0; i < 4 * tracks; ++i) {
    LabelledClip clip{.codes = {}, .labels = {}, .track = i / 4};
    std::int64_t label = 0;
    for (int t = 0; t < 250; ++t) {
      if (t % 25 == 0) {
        label = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(labels)));
      }
      clip.labels.push_back(label);
      clip.codes.push_back(rule(label, random));
    }
    clips.push_back(std::move(clip));
  }
  return clips;
}

TEST(Information, OfCodesThatAreAFunctionOfTheLabelIsAllThereIs) {
  // Two codes per label, chosen at random: the code determines the label.
  const auto rule = [](std::int64_t label, Random& random) {
    return 2 * label + static_cast<std::int64_t>(random.below(2));
  };
  const Information found = information(made_clips(20, 8, 1, rule), made_clips(20, 8, 2, rule),
                                        {.codes = 16, .labels = 8});
  EXPECT_EQ(found.frames, 20 * 4 * 250);
  EXPECT_NEAR(found.label_bits, 3, 0.02);
  EXPECT_NEAR(found.bits, found.label_bits, 1e-9);
  EXPECT_LT(*found.floor_bits, 0.1);
  EXPECT_GT(*found.held_out_bits, found.label_bits - 0.01);
  EXPECT_LE(*found.held_out_bits, found.label_bits);
}

TEST(Information, OfCodesThatKnowNothingIsTheFloor) {
  const auto rule = [](std::int64_t, Random& random) {
    return static_cast<std::int64_t>(random.below(16));
  };
  const Information found = information(made_clips(20, 8, 1, rule), made_clips(20, 8, 2, rule),
                                        {.codes = 16, .labels = 8});
  EXPECT_GT(found.bits, 0) << "in a finite sample, the estimate is always a little above 0";
  EXPECT_NEAR(found.bits, *found.floor_bits, 0.003);
  EXPECT_LT(found.bits, 0.02);
  EXPECT_NEAR(*found.held_out_bits, 0, 0.02);
}

TEST(Information, OfHalfKnownLabelsIsHalf) {
  // Eight labels, of which the code tells the half: 1 of 3 bits.
  const auto rule = [](std::int64_t label, Random&) { return label / 4; };
  const Information found = information(made_clips(40, 8, 1, rule), made_clips(40, 8, 2, rule),
                                        {.codes = 2, .labels = 8});
  EXPECT_NEAR(found.bits, 1, 0.02);
  EXPECT_NEAR(*found.held_out_bits, 1, 0.02);
}

TEST(Information, OfRecordingsLearntByHeartDoesNotReachNewOnes) {
  // Each track has one label and its own codes: within the tracks, codes determine the label; for
  // new tracks they tell nothing. The floor misses this, since it uses other clips' labels.
  const auto clips = [](std::int64_t first_code) {
    std::vector<LabelledClip> result;
    for (std::int64_t track = 0; track < 8; ++track) {
      for (int clip = 0; clip < 4; ++clip) {
        result.push_back({.codes = CodeSequence(250, first_code + track),
                          .labels = std::vector<std::int64_t>(250, track / 2),
                          .track = track});
      }
    }
    return result;
  };
  const Information found = information(clips(0), clips(8), {.codes = 16, .labels = 4});
  EXPECT_NEAR(found.bits, 2, 1e-9);
  EXPECT_LT(*found.held_out_bits, 0.01);
}

TEST(Information, PassesOverFramesWithoutLabelAndSaysWhatItCannotMeasure) {
  LabelledClip clip{.codes = {0, 0, 1, 1}, .labels = {-1, 0, 1, -1}, .track = 0};
  const Information alone = information({clip}, {}, {.codes = 2, .labels = 2});
  EXPECT_EQ(alone.frames, 2);
  EXPECT_DOUBLE_EQ(alone.bits, 1);
  EXPECT_FALSE(alone.floor_bits);
  EXPECT_FALSE(alone.held_out_bits);
  clip.labels.assign(4, -1);
  EXPECT_EQ(information({clip}, {}, {.codes = 2, .labels = 2}).frames, 0);
}

TEST(NoteName, CountsOctavesFromC) {
  EXPECT_EQ(note_name(60), "C4");
  EXPECT_EQ(note_name(42), "F#2");
  EXPECT_EQ(note_name(127), "G9");
  EXPECT_EQ(note_name(0), "C-1");
  EXPECT_EQ(note_name(-1), "B-2");
}

Dictionary made_dictionary() {
  Dictionary dictionary{.headline = "Codes of <run>", .facts = {"2 clips"}};
  dictionary.usage = {{"", "codes"}, {"this model", "2"}};
  dictionary.instruments = {"va", "<vn>"};
  DictionaryEntry entry{
      .code = 7, .count = 30, .share = 0.75, .train_share = 0.5, .hold_s = 0.1, .hz = 441};
  entry.notes.resize(128);
  entry.notes[69] = 15;
  entry.notes[71] = 5;
  entry.instruments = {6, 14};
  dictionary.entries.push_back(entry);
  entry = {.code = 3, .count = 10, .share = 0.25};
  entry.notes.resize(128);
  entry.instruments = {0, 0};
  dictionary.entries.push_back(entry);
  return dictionary;
}

TEST(DictionaryPage, EscapesNamesAndSaysWhatEachCodeMeans) {
  const std::string page = dictionary_page(made_dictionary());
  EXPECT_CONTAINS(page, "Codes of &lt;run&gt;");
  EXPECT_CONTAINS(page, "A4 in 75 %; mean 69.5");
  EXPECT_CONTAINS(page, "&lt;vn&gt; 70 %, va 30 %");
  EXPECT_CONTAINS(page, "like A4 (441 Hz)");
  EXPECT_CONTAINS(page, "only in rests");
  EXPECT_CONTAINS(page, "without a pitch");
  EXPECT_EQ(page.find("<vn>"), std::string::npos);
  EXPECT_EQ(page.find("http"), std::string::npos) << "the page must load nothing";
}

TEST(DictionaryTables, HoldTheSame) {
  const CsvTable codes = parse_csv(codes_csv(made_dictionary()), "codes.csv");
  ASSERT_EQ(codes.rows.size(), 2u);
  const auto cell = [&](std::size_t row, const char* column) {
    return codes.rows[row].cells[codes.column(column)];
  };
  EXPECT_EQ(cell(0, "code"), "7");
  EXPECT_EQ(cell(0, "mean_pitch"), "69.5");
  EXPECT_EQ(cell(0, "commonest_note"), "A4");
  EXPECT_EQ(cell(0, "commonest_note_share"), "0.75");
  EXPECT_EQ(cell(0, "instrument"), "<vn>");
  EXPECT_EQ(cell(0, "heard_note"), "A4");
  EXPECT_EQ(cell(1, "note_frames"), "0");
  EXPECT_EQ(cell(1, "instrument"), "");
  EXPECT_EQ(notes_csv(made_dictionary()), "code,pitch,note,share\n7,69,A4,0.75\n7,71,B4,0.25\n");
  EXPECT_EQ(instruments_csv(made_dictionary()), "code,instrument,share\n7,<vn>,0.7\n7,va,0.3\n");
}

class Codebook : public OnSmallCorpus<Codebook> {
 protected:
  static CodebookOptions options() { return {.common = common(5), .baseline_frames = 1000}; }
};

TEST_F(Codebook, HasTheReconstructionsCodesAndItsBaseline) {
  const EvalResult result = evaluate_codebook(options());
  EXPECT_EQ(result.json, evaluate_codebook(options()).json)
      << "the same seed must give the same results";
  const Json json = Json::parse(result.json);
  const Json other =
      Json::parse(evaluate_reconstruction({.common = common(5), .baseline_frames = 1000}).json);
  EXPECT_EQ(json["metric"], "codebook");
  for (const char* key : {"codes", "codes_used", "perplexity"}) {
    EXPECT_EQ(json[key], other[key]) << key;
    EXPECT_EQ(json["baselines"]["pca_kmeans"][key], other["baselines"]["pca_kmeans"][key]) << key;
  }
  EXPECT_EQ(json["unused"].get<int>() + json["codes_used"].get<int>(), 64);
  EXPECT_LE(json["dead"], json["codes"]);
  EXPECT_EQ(json["train_clips"], 8);
  std::int64_t sum = 0;
  for (const std::int64_t count : json["by_rank"]["counts"]) sum += count;
  EXPECT_EQ(sum, 5 * 250);
  EXPECT_EQ(json["by_rank"]["codes"].size(), json["codes_used"]);
  EXPECT_LE(json["hold"]["median_ms"], json["hold"]["longest_ms"]);
  // Each track of the corpus plays its own scale; none has an instrument label.
  const Json& note = json["about_note"];
  EXPECT_GT(note["bits"], note["floor_bits"]);
  EXPECT_LE(note["bits"], note["label_bits"]);
  EXPECT_TRUE(note.contains("held_out_bits"));
  EXPECT_FALSE(json.contains("about_instrument"));
  EXPECT_CONTAINS(result.report, "PCA to 16, k-means");
  EXPECT_CONTAINS(result.report, "note, this model");
}

TEST_F(Codebook, KnowsLessWithoutNotesOrOtherTracks) {
  CodebookOptions train = options();
  train.common.split = "train";
  EXPECT_FALSE(Json::parse(evaluate_codebook(train).json)["about_note"].contains("held_out_bits"))
      << "the held-out clips would be the training clips";
  const TempFolder folder;
  CodebookOptions poor = options();
  poor.common.corpus = make_corpus(folder.path(), {.notes = false});
  poor.out = folder.path() / "dictionary";
  poor.dictionary_codes = 2;
  const EvalResult result = evaluate_codebook(poor);
  EXPECT_FALSE(Json::parse(result.json).contains("about_note"));
  EXPECT_EQ(result.report.find("Bits"), std::string::npos);
  EXPECT_FALSE(fs::exists(*poor.out / "notes.csv"));
  EXPECT_TRUE(fs::exists(*poor.out / "codes.csv"));
}

TEST_F(Codebook, WritesADictionaryWholeOrNotAtAll) {
  const TempFolder folder;
  CodebookOptions with = options();
  with.out = folder.path() / "dictionary";
  with.dictionary_codes = 3;
  const Json json = Json::parse(evaluate_codebook(with).json);
  const CsvTable codes = read_csv(*with.out / "codes.csv");
  ASSERT_EQ(codes.rows.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string code = codes.rows[i].cells[codes.column("code")];
    EXPECT_EQ(code, std::to_string(json["by_rank"]["codes"][i].get<int>()));
    const audio::Sound sound = audio::read_sound(*with.out / "sound" / (code + ".wav"));
    EXPECT_NEAR(sound.seconds(), 0.8, 0.02);
    const float peak = *std::max_element(sound.samples.begin(), sound.samples.end());
    EXPECT_GT(peak, 0) << code;
  }
  const std::string page = slurp(*with.out / "index.html");
  EXPECT_CONTAINS(page, "data:audio/wav;base64,");
  EXPECT_CONTAINS(page, "data:image/png;base64,");
  EXPECT_TRUE(fs::exists(*with.out / "notes.csv"));
  EXPECT_FALSE(fs::exists(*with.out / "instruments.csv"));

  EXPECT_CONTAINS(input_error([&] { evaluate_codebook(with); }), "exists");
  with.force = true;
  with.dictionary_codes = 0;
  evaluate_codebook(with);
  EXPECT_EQ(read_csv(*with.out / "codes.csv").rows.size(), json["codes_used"]);
}

TEST_F(Codebook, WrongInputIsSaidInASentence) {
  CodebookOptions wrong = options();
  wrong.dictionary_codes = -1;
  EXPECT_CONTAINS(input_error([&] { evaluate_codebook(wrong); }), "codes: expected");
  wrong = options();
  wrong.baseline_frames = 0;
  EXPECT_CONTAINS(input_error([&] { evaluate_codebook(wrong); }), "baseline_frames");
  wrong = options();
  wrong.common.split = "valid";
  EXPECT_CONTAINS(input_error([&] { evaluate_codebook(wrong); }), "'valid'");
}

}  // namespace
}  // namespace minet::evaluation
