// Each finding of the check, provoked on purpose.
#include "minet/corpus/check.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "corpus/helpers.hpp"
#include "minet/core/text.hpp"
#include "minet/corpus/prepare.hpp"

namespace minet::corpus {
namespace {

class CheckCorpus : public testing::Test {
 protected:
  void prepare(const std::string& table, bool keep_level = true) {
    write_text(folder_.path() / "t.csv", table);
    prepare_folder({.table = folder_.path() / "t.csv",
                    .out = root_,
                    .force = true,
                    .keep_level = keep_level,
                    .threads = 1});
  }
  void SetUp() override {
    write_recording(folder_.path(), "one", 5, 440);
    write_recording(folder_.path(), "two", 6, 330);
    write_recording(folder_.path(), "three", 7, 550);
    prepare(kTable);
  }
  static std::string all(const std::vector<std::string>& lines) { return join(lines, "\n"); }
  static constexpr const char* kTable =
      "audio,pose,split\none.wav,one.npy,train\ntwo.wav,two.npy,train\nthree.wav,three.npy,test\n";
  TempFolder folder_;
  std::filesystem::path root_ = folder_.path() / "corpus";
};

TEST_F(CheckCorpus, AWholeCorpusIsUsable) {
  const CheckReport report = check(root_);
  EXPECT_TRUE(report.usable()) << all(report.problems);
  ASSERT_EQ(report.warnings.size(), 3U) << all(report.warnings);  // because the corpus is so small
  EXPECT_CONTAINS(report.warnings[0], "only 11");
  EXPECT_CONTAINS(report.warnings[0], "to train on");
  EXPECT_CONTAINS(report.warnings[1], "to test on");
  EXPECT_CONTAINS(report.warnings[2], "no training track has notes");
  EXPECT_TRUE(report.joints_never_seen.empty());
  ASSERT_EQ(report.splits.size(), 2U);
  EXPECT_EQ(report.splits[0].tracks, 2);
  EXPECT_EQ(report.splits[1].tracks, 1);
  EXPECT_NEAR(report.splits[0].seconds, 11, 0.1);
  EXPECT_EQ(report.splits[0].silent_share, 0);
  EXPECT_EQ(report.splits[0].clipped_share, 0);
  EXPECT_EQ(report.groups, 3);
  EXPECT_EQ(report.longest_drift_s, 0);
  EXPECT_CONTAINS(describe(report), "\nusable\n");
  const auto json = nlohmann::json::parse(to_json(report));
  EXPECT_EQ(json["usable"], true);
  EXPECT_EQ(json["splits"]["train"]["tracks"], 2);
  EXPECT_EQ(json["hash"], report.hash);
  ASSERT_EQ(report.instruments.size(), 1U);
  EXPECT_NEAR(json["instruments"][""]["test_seconds"].get<double>(), 7, 0.1);
  EXPECT_CONTAINS(describe(report), "no label: train ");
}

TEST_F(CheckCorpus, FindsChangedFiles) {
  audio::save_flac(root_ / "one" / "audio.flac", tone(5, 441));
  const CheckReport report = check(root_);
  EXPECT_FALSE(report.usable());
  EXPECT_CONTAINS(all(report.problems), "content hash");
  EXPECT_CONTAINS(describe(report), "\nnot usable\n");
}

TEST_F(CheckCorpus, FindsMissingAndDamagedFiles) {
  std::filesystem::remove(root_ / "one" / "audio.flac");
  write_text(root_ / "two" / "pose.npy", "no array");
  const std::string problems = all(check(root_).problems);
  EXPECT_CONTAINS(problems, "one: the file one/audio.flac is missing");
  EXPECT_CONTAINS(problems, "two: ");
}

TEST_F(CheckCorpus, FindsDrift) {
  pose::save_pose_npy(root_ / "three" / "pose.npy", waving_player(190));
  const CheckReport report = check(root_);
  EXPECT_NEAR(report.longest_drift_s, 7.6 - 7.0, 0.05);
  EXPECT_CONTAINS(all(report.problems), "three: audio");
  EXPECT_CONTAINS(all(report.problems), "pose.npy has 190 frames");
}

TEST_F(CheckCorpus, FindsTheSameGroupInBothSplits) {
  std::string table = read_text(root_ / "tracks.csv");
  const std::size_t at = table.find("test,,three");
  ASSERT_NE(at, std::string::npos) << table;
  write_text(root_ / "tracks.csv", table.replace(at, 11, "test,,one"));
  EXPECT_CONTAINS(all(check(root_).problems), "group one is in both splits");
}

TEST_F(CheckCorpus, FindsTheSameSoundInBothSplits) {
  std::filesystem::copy(folder_.path() / "one.wav", folder_.path() / "copy.wav");
  prepare(
      "audio,pose,split\none.wav,one.npy,train\ntwo.wav,two.npy,train\ncopy.wav,one.npy,test\n");
  const CheckReport report = check(root_);
  EXPECT_CONTAINS(all(report.problems), "one and copy have the same sound");
  prepare(
      "audio,pose,split\none.wav,one.npy,train\ncopy.wav,one.npy,train\ntwo.wav,two.npy,test\n");
  const CheckReport same_side = check(root_);
  EXPECT_TRUE(same_side.usable());
  EXPECT_CONTAINS(all(same_side.warnings), "have the same sound");
}

TEST_F(CheckCorpus, WarnsOfSilenceAndClipping) {
  audio::Sound quiet = tone(2);
  quiet.samples.resize(6 * 16000, 0.0f);
  audio::save_wav(folder_.path() / "two.wav", quiet);
  audio::Sound loud = tone(7, 550, 1.5);
  for (float& sample : loud.samples) sample = std::clamp(sample, -1.0f, 1.0f);
  audio::save_wav(folder_.path() / "three.wav", loud);
  prepare(kTable);
  const CheckReport report = check(root_);
  EXPECT_TRUE(report.usable());
  EXPECT_CONTAINS(all(report.warnings), "two: 66.");
  EXPECT_CONTAINS(all(report.warnings), "three: 53.");  // a sine of 1.5 is over 1 for 53.5 % of it
  EXPECT_NEAR(report.splits[0].silent_share, 4.0 / 11, 0.01);
  EXPECT_NEAR(report.splits[1].clipped_share, 0.535, 0.01);
}

TEST_F(CheckCorpus, NamesJointsThatAreNeverSeen) {
  pose::PoseSequence pose = waving_player(125);
  for (std::int64_t frame = 0; frame < pose.frames; ++frame) {
    float* const thumb = pose.joint(frame, 10);
    thumb[0] = thumb[1] = thumb[2] = 0;
  }
  pose::save_pose_npy(folder_.path() / "one.npy", pose);
  prepare(kTable);
  EXPECT_TRUE(check(root_).joints_never_seen.empty());  // seen in the other tracks
  EXPECT_CONTAINS(all(check(root_).warnings), "in 1 of 3 tracks");
  prepare("audio,pose\none.wav,one.npy\n");
  const CheckReport report = check(root_);
  EXPECT_EQ(report.joints_never_seen, std::vector<std::string>{"right_thumb_4"});
  EXPECT_CONTAINS(all(report.warnings), "no test split");
}

TEST_F(CheckCorpus, NothingToTrainOnIsAProblem) {
  prepare("audio,pose,split\none.wav,one.npy,test\n");
  EXPECT_CONTAINS(all(check(root_).problems), "no track to train on");
}

TEST_F(CheckCorpus, SaysTheSameOnAnyNumberOfThreads) {
  EXPECT_EQ(to_json(check(root_, {.threads = 1})), to_json(check(root_, {.threads = 5})));
}

}  // namespace
}  // namespace minet::corpus
