// NDB in shards: merged, they equal one run; shards that do not belong together are named.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "evaluation/support.hpp"
#include "minet/core/files.hpp"
#include "minet/core/text.hpp"
#include "minet/evaluation/ndb.hpp"
#include "support/temp_folder.hpp"

namespace minet::evaluation {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

class NdbShards : public OnSmallCorpus<NdbShards> {
 protected:
  void SetUp() override { fs::remove_all(place()); }

  static fs::path place() { return folder_->path() / "shards"; }
  static NdbOptions ndb() {
    NdbOptions options{.common = common(80),  // three batches: 32, 32 and 16
                       .bins = 4,
                       .train_clips = 24,
                       .restarts = 2,
                       .rounds = 100,
                       .notes = true,
                       .cache = folder_->path() / "cache"};
    options.common.sampling.top_k = 20;
    return options;
  }
  static fs::path file(int number, int count) {
    return place() / text(number, "-of-", count) / "ndb.json";
  }
  static bool measure(const NdbOptions& options, int number, int count, bool replace = false) {
    return measure_ndb_shard(options, {.number = number, .count = count}, file(number, count),
                             replace);
  }
  static std::vector<fs::path> files(int count) {
    std::vector<fs::path> all;
    for (int number = 1; number <= count; ++number) all.push_back(file(number, count));
    return all;
  }
  // Two shards, ready to be merged.
  static void measure_two() {
    for (int number = 1; number <= 2; ++number) measure(ndb(), number, 2);
  }
  static std::string refused(const NdbOptions& options = ndb()) {
    return input_error([&] { merge_ndb(options, files(2)); });
  }
  // Edits the JSON file of one shard.
  template <class Change>
  static void edit(const fs::path& path, const Change& change) {
    Json json = Json::parse(read_file(path, 1 << 20));
    change(json);
    save_file(path, json.dump());
  }
};

TEST_F(NdbShards, JoinedTheyAreWhatOneRunGives) {
  const EvalResult whole = evaluate_ndb(ndb());
  EXPECT_EQ(Json::parse(whole.json)["clips"], 80);
  for (const int count : {2, 3, 5}) {  // five shards of three batches: two have none
    for (int number = count; number >= 1; --number) EXPECT_TRUE(measure(ndb(), number, count));
    const EvalResult merged = merge_ndb(ndb(), files(count));
    EXPECT_EQ(merged.json, whole.json) << count;
    EXPECT_EQ(merged.report, whole.report) << count;
  }
}

TEST_F(NdbShards, WithoutFloorsToo) {
  NdbOptions options = ndb();
  options.floors = false;
  for (int number = 1; number <= 2; ++number) measure(options, number, 2);
  EXPECT_EQ(merge_ndb(options, files(2)).json, evaluate_ndb(options).json);
}

TEST_F(NdbShards, AShardThatIsThereStays) {
  EXPECT_TRUE(measure(ndb(), 2, 3));
  const std::string before = read_file(file(2, 3), 1 << 20);
  const auto made = fs::last_write_time(file(2, 3));
  EXPECT_FALSE(measure(ndb(), 2, 3));
  EXPECT_EQ(fs::last_write_time(file(2, 3)), made);
  NdbOptions other = ndb();
  other.common.seed = 2;
  EXPECT_CONTAINS(input_error([&] { measure(other, 2, 3); }),
                  "expected a shard with seed 2, got one with 1; choose another name");
  EXPECT_EQ(read_file(file(2, 3), 1 << 20), before);
  EXPECT_TRUE(measure(other, 2, 3, /*replace=*/true));
  EXPECT_TRUE(measure(ndb(), 2, 3, /*replace=*/true));
  EXPECT_EQ(read_file(file(2, 3), 1 << 20), before);  // the same bytes again
}

TEST_F(NdbShards, WhatIsMissingOrDamagedIsNamed) {
  measure_two();
  fs::remove(file(2, 2));
  EXPECT_CONTAINS(refused(), "2-of-2/ndb.json: expected what shard 2/2 measured, but there is no");
  save_file(file(2, 2), "{\"format\": \"minet ndb shard 1\"");
  EXPECT_CONTAINS(refused(), "2-of-2/ndb.json: expected what shard 2/2 measured, got something");
  EXPECT_CONTAINS(input_error([&] { measure(ndb(), 2, 2); }), "got something else");
  EXPECT_TRUE(measure(ndb(), 2, 2, /*replace=*/true));
  const std::string before = read_file(file(2, 2), 1 << 20);
  for (const char* key : {"judged", "test", "codes"}) {
    edit(file(2, 2), [&](Json& json) { json[key]["bins"][0] = 4; });  // of bins 0 to 3
    EXPECT_CONTAINS(refused(), "got something else") << key;
    save_file(file(2, 2), before);
  }
}

TEST_F(NdbShards, AnotherShardsFileIsNotCountedTwice) {
  measure_two();
  fs::copy_file(file(1, 2), file(2, 2), fs::copy_options::overwrite_existing);
  EXPECT_CONTAINS(refused(), "2-of-2/ndb.json: expected shard 2/2, got shard 1/2");
  edit(file(2, 2), [](Json& json) { json["shard"] = "2/2"; });
  EXPECT_CONTAINS(refused(), "expected clips from 32 on, got those from 0 on");
}

TEST_F(NdbShards, ShardsOfOtherSettingsAreNotJoined) {
  measure_two();
  const std::string before = read_file(file(2, 2), 1 << 20);
  struct Case {
    const char *key, *value, *says;
  };
  const Case cases[] = {{"seed", "2", "seed 1 as asked for, got 2"},
                        {"clips", "79", "clips 80 as asked for, got 79"},
                        {"rounds", "200", "rounds 100 as asked for, got 200"},
                        {"top_k", "null", "top_k 20 as asked for, got none"},
                        {"notes", "false", "notes true as asked for, got false"},
                        {"split", "\"train\"", "split test as asked for, got train"},
                        {"corpus", "\"another\"", "the corpus of 1-of-2, "},
                        {"model", "\"another\"", "the model of 1-of-2, "},
                        {"device", "\"cuda\"", "the device of 1-of-2, cpu, got cuda"},
                        {"sampling", "{}", "the sampling of 1-of-2, "}};
  for (const Case& one : cases) {
    edit(file(2, 2), [&](Json& json) { json["settings"][one.key] = Json::parse(one.value); });
    EXPECT_CONTAINS(refused(), text("2-of-2/ndb.json: expected ", one.says));
    save_file(file(2, 2), before);
  }
  edit(file(2, 2), [](Json& json) { json["bins"]["centres"] = "of another machine"; });
  EXPECT_CONTAINS(refused(), "expected the bins of 1-of-2, got those of a different machine");
}

TEST_F(NdbShards, AnotherModelIsFoundOutBeforeItIsMeasured) {
  measure(ndb(), 1, 3);
  models::Model model = models::load_model(folder_->path() / "model");
  model.scale.mean += 1;
  save_model(model, place() / "other");
  NdbOptions options = ndb();
  options.common.model = place() / "other";
  EXPECT_CONTAINS(input_error([&] { measure(options, 1, 3); }), "expected a shard with model ");
}

TEST_F(NdbShards, TheyAreJoinedForWhatWasAsked) {
  measure_two();
  NdbOptions other = ndb();
  other.common.seed = 7;
  EXPECT_CONTAINS(refused(other), "1-of-2/ndb.json: expected seed 7 as asked for, got 1");
}

TEST_F(NdbShards, RecordingsAreJudgedInOneRun) {
  NdbOptions options = ndb();
  options.notes = false;
  options.wav = folder_->path();
  EXPECT_CONTAINS(input_error([&] { measure(options, 1, 2); }),
                  "shard: expected it for generating");
}

}  // namespace
}  // namespace minet::evaluation
