// NDB and 1-NN from corpus and model to results, on a small corpus with a small random model.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "evaluation/support.hpp"
#include "minet/audio/sound.hpp"
#include "minet/core/csv.hpp"
#include "minet/core/table.hpp"
#include "minet/evaluation/knn.hpp"
#include "minet/evaluation/ndb.hpp"
#include "minet/models/baseline.hpp"
#include "support/temp_folder.hpp"

namespace minet::evaluation {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

class Distribution : public OnSmallCorpus<Distribution> {
 protected:
  static NdbOptions ndb() {
    return {.common = common(12),
            .bins = 4,
            .train_clips = 24,
            .restarts = 2,
            .rounds = 100,
            .cache = folder_->path() / "cache"};
  }
  // Sets the instrument of track i in the corpus's table to name(i).
  template <class Name>
  static void label(const Name& name) {
    CsvTable table = read_csv(corpus_ / "tracks.csv");
    std::string rewritten = csv_line(table.header);
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
      table.rows[i].cells[table.column("instrument")] = name(i);
      rewritten += csv_line(table.rows[i].cells);
    }
    spill(corpus_ / "tracks.csv", rewritten);
  }
};

TEST_F(Distribution, NdbHasEveryKeyAndItsFloors) {
  const EvalResult result = evaluate_ndb(ndb());
  const Json json = Json::parse(result.json);
  for (const char* key :
       {"metric",       "model",     "corpus",    "split",    "seed",        "version",
        "ndb",          "js",        "floor_ndb", "floor_js", "codes_ndb",   "codes_js",
        "halves_ndb",   "halves_js", "bins",      "clips",    "train_clips", "ndb_interval",
        "centres_hash", "inertia",   "counts",    "z",        "source"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_EQ(json["clips"], 12);
  for (const char* source : {"train", "test", "judged"}) {
    std::int64_t sum = 0;
    for (const std::int64_t count : json["counts"][source]) sum += count;
    EXPECT_EQ(sum, std::string(source) == "train" ? 24 : 12) << source;
  }
  EXPECT_CONTAINS(result.report, "floor");
}

TEST_F(Distribution, NdbWithoutFloorsJudgesAlikeAndSaysNothingOfRealClips) {
  const Json whole = Json::parse(evaluate_ndb(ndb()).json);
  NdbOptions options = ndb();
  options.floors = false;
  const Json json = Json::parse(evaluate_ndb(options).json);
  for (const char* key : {"ndb", "js", "ndb_interval", "halves_ndb"}) {
    EXPECT_EQ(json[key], whole[key]) << key;
  }
  EXPECT_EQ(json["counts"]["judged"], whole["counts"]["judged"]);
  EXPECT_FALSE(json.contains("floor_ndb"));
  EXPECT_FALSE(json.contains("codes_ndb"));
  EXPECT_FALSE(json["counts"].contains("test"));
}

TEST_F(Distribution, NdbKeepsItsBinsAndComesToTheSameFigures) {
  NdbOptions options = ndb();
  options.cache = folder_->path() / "kept";
  const std::string text = evaluate_ndb(options).json;
  const fs::path kept = fs::directory_iterator(*options.cache)->path();
  const auto made = fs::last_write_time(kept);
  EXPECT_EQ(evaluate_ndb(options).json, text);  // two equal runs agree
  EXPECT_EQ(fs::last_write_time(kept), made);   // and the second uses the cache of the first
  const Json first = Json::parse(text);
  // A different seed gives different bins; a damaged cache file is rebuilt.
  options.common.seed = 2;
  EXPECT_NE(Json::parse(evaluate_ndb(options).json)["centres_hash"], first["centres_hash"]);
  options.common.seed = 1;
  for (const auto& entry : fs::directory_iterator(*options.cache)) {
    spill(entry.path(), "torn");
  }
  EXPECT_EQ(Json::parse(evaluate_ndb(options).json), first);
}

TEST_F(Distribution, RecordingsGivenAsWavAreJudgedAsTheCorpusItself) {
  // The test tracks' own sound as files: a perfect generator, which must score like real sound.
  const fs::path wavs = folder_->path() / "wavs";
  fs::create_directories(wavs);
  for (const std::string name : {"track4", "track5", "track6"}) {
    audio::save_wav(wavs / (name + ".wav"), audio::read_sound(corpus_ / name / "audio.flac"));
  }
  NdbOptions options = ndb();
  options.wav = wavs;
  options.common.clips = 4;
  const EvalResult result = evaluate_ndb(options);
  EXPECT_CONTAINS(result.report, "ndb of the recordings in " + wavs.string() + ", 6 clips (");
  options.common.clips = 0;
  const Json json = Json::parse(evaluate_ndb(options).json);
  EXPECT_EQ(json["seconds"], Json::parse(result.json)["seconds"]);
  EXPECT_EQ(json["clips"], 6);
  EXPECT_EQ(json["counts"]["judged"], json["counts"]["test"]);
  EXPECT_EQ(json["ndb"], json["floor_ndb"]);
  EXPECT_EQ(json["js"], json["floor_js"]);
}

TEST_F(Distribution, NdbRefusesWhatItCannotJudge) {
  NdbOptions wrong = ndb();
  wrong.train_clips = 5;
  EXPECT_CONTAINS(input_error([&] { evaluate_ndb(wrong); }), "train_clips: expected");
  wrong = ndb();
  wrong.wav = folder_->path() / "nowhere";
  EXPECT_CONTAINS(input_error([&] { evaluate_ndb(wrong); }), "wav files");
  wrong.notes = true;
  EXPECT_CONTAINS(input_error([&] { evaluate_ndb(wrong); }), "notes: expected");
}

TEST_F(Distribution, KnnNeedsInstrumentsAndPrintsThemAll) {
  label([](std::size_t) { return std::string(); });
  KnnOptions options{.common = common(12), .rounds = 100};
  EXPECT_CONTAINS(input_error([&] { evaluate_knn(options); }), "expected an instrument");
  label([](std::size_t i) { return std::string(i % 2 == 0 ? "even" : "odd"); });
  const EvalResult result = evaluate_knn(options);
  const Json json = Json::parse(result.json);
  for (const char* key : {"accuracy", "raw_pose_accuracy", "chance", "most_frequent", "confusion",
                          "recall", "accuracy_interval", "gain_interval", "train_clips"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_EQ(json["instruments"], Json::parse(R"(["even", "odd"])"));
  EXPECT_EQ(json["chance"], 0.5);
  std::int64_t sum = 0;
  for (const auto& row : json["confusion"]) {
    for (const std::int64_t count : row) sum += count;
  }
  EXPECT_EQ(sum, 12);
  EXPECT_CONTAINS(result.report, "raw pose statistics");
  for (const double recall : json["recall"]) EXPECT_CONTAINS(result.report, percent(recall));
}

TEST_F(Distribution, ASingleTrackHasNoIntervals) {
  const TempFolder folder;
  const fs::path corpus = make_corpus(folder.path(), {.test_tracks = 1, .instruments = true});
  KnnOptions knn{.common = common(2), .rounds = 100};
  knn.common.corpus = corpus;
  const EvalResult nearest = evaluate_knn(knn);
  const Json json = Json::parse(nearest.json);
  for (const char* key : {"accuracy_interval", "raw_pose_accuracy_interval", "gain_interval"}) {
    EXPECT_TRUE(json[key].is_null()) << key;
  }
  EXPECT_CONTAINS(nearest.report, "of one track");
  NdbOptions bins = ndb();
  bins.common.corpus = corpus;
  const Json binned = Json::parse(evaluate_ndb(bins).json);
  EXPECT_TRUE(binned["ndb_interval"].is_null());
  EXPECT_TRUE(binned["floor_js_interval"].is_null());
  EXPECT_TRUE(binned["halves_ndb_interval"].is_array());
}

TEST_F(Distribution, KnnOnTrainLeavesOutEachClipsOwnGroup) {
  // Each track has its own instrument: only a clip of the same group could be right.
  label([](std::size_t i) { return "instrument" + std::to_string(i); });
  KnnOptions options{.common = common(12), .rounds = 100};
  options.common.split = "train";
  const Json json = Json::parse(evaluate_knn(options).json);
  EXPECT_EQ(json["accuracy"], 0.0);
  EXPECT_EQ(json["raw_pose_accuracy"], 0.0);
  EXPECT_GT(json["neighbours_left_out"], 0);
}

TEST_F(Distribution, ABaselineIsMeasuredByTheSameRules) {
  models::Model minet = models::load_model(folder_->path() / "model");
  config::TrainConfig config = minet.config;
  config.content.enabled = false;
  config.model.kind = config::ModelKind::seq2seq;
  models::BaselineModel baseline = models::make_baseline(config, 3);
  baseline.scale = minet.scale;
  NdbOptions options = ndb();
  options.common.model = folder_->path() / "baseline";
  fs::create_directories(options.common.model);
  models::save_safetensors(options.common.model / "model.safetensors",
                           models::baseline_state(baseline));
  const Json json = Json::parse(evaluate_ndb(options).json);
  EXPECT_EQ(json["kind"], "seq2seq");
  EXPECT_FALSE(json.contains("codes_ndb"));
  EXPECT_EQ(json["centres_hash"], Json::parse(evaluate_ndb(ndb()).json)["centres_hash"]);
  label([](std::size_t i) { return std::string(i % 2 == 0 ? "even" : "odd"); });
  const KnnOptions knn{.common = options.common, .rounds = 100};
  EXPECT_EQ(Json::parse(evaluate_knn(knn).json)["kind"], "seq2seq");
}

}  // namespace
}  // namespace minet::evaluation
