// Shortcomings of a whole corpus: a sentence for each, none if all is well.
#include "corpus/fitness.hpp"

#include <gtest/gtest.h>

#include "corpus/helpers.hpp"
#include "corpus/level.hpp"
#include "minet/core/text.hpp"
#include "minet/corpus/check.hpp"
#include "minet/corpus/prepare.hpp"

namespace minet::corpus {
namespace {

struct Made {
  Index index;
  std::vector<TrackFitness> facts;
  void add(const std::string& split, const std::string& instrument, double seconds = 400,
           bool notes = true) {
    const std::string id = text("track", index.entries.size());
    IndexEntry& entry = index.entries.emplace_back();
    entry.track = {.id = id, .split = split, .group = id, .seconds = seconds, .has_notes = notes};
    entry.instrument = instrument;
    facts.push_back({.pose_hash = id, .right_hand_gaps = 0.1, .left_hand_gaps = 0.2});
  }
  std::string warnings() const { return join(judge_fitness(index, facts), "\n"); }
};

Made good() {
  Made made;
  for (const char* split : {"train", "train", "test"}) made.add(split, "vn");
  return made;
}

TEST(Fitness, AGoodCorpusGetsNoWarning) {
  EXPECT_EQ(good().warnings(), "");
}

TEST(Fitness, EachLackIsNamedWithItsNumber) {
  Made little;
  little.add("train", "vn", 45);
  little.add("test", "vn", 20);
  EXPECT_CONTAINS(little.warnings(), "only 45 s of sound to train on");
  EXPECT_CONTAINS(little.warnings(), "only 20 s of sound to test on");
  EXPECT_CONTAINS(little.warnings(), "33 min for 13 instruments");

  Made silent = good();
  for (IndexEntry& entry : silent.index.entries) entry.track.has_notes = false;
  EXPECT_CONTAINS(silent.warnings(), "no training track has notes");

  Made unknown = good();
  unknown.add("test", "oboe");
  EXPECT_CONTAINS(unknown.warnings(), "not in training: oboe");

  Made twins = good();
  for (TrackFitness& fact : twins.facts) fact.pose_hash = "same";
  EXPECT_CONTAINS(twins.warnings(),
                  "3 tracks have the very same keypoints (track0, track1, track2)");

  Made lost = good();
  lost.facts[1].left_hand_gaps = 1;
  EXPECT_CONTAINS(lost.warnings(), "the left hand is a gap in over 95 % of the frames of 1 track");
}

TEST(Level, AnOffsetIsNoSoundAndNeitherAreItsClicks) {
  std::vector<float> still(64000, 0.0F);
  std::fill(still.begin() + 20000, still.end(), 0.25F);
  EXPECT_TRUE(measure_level(still).silent());
  std::vector<float> leaning = tone(4).samples;
  for (float& sample : leaning) sample += 0.125F;
  EXPECT_FALSE(measure_level(leaning).silent());
  EXPECT_NEAR(remove_offset(leaning), 0.125, 1e-4);
  EXPECT_EQ(remove_offset(leaning), 0);
}

TEST(Reuse, OnlyWhatHasChangedIsReadAgain) {
  const TempFolder folder;
  const auto at = [&](const char* name) { return folder.path() / name; };
  for (const char* name : {"a", "b", "c"}) write_recording(folder.path(), name, 5);
  const auto prepare = [&](const std::string& table) {
    write_text(at("tracks.csv"), table);
    return prepare_folder({.table = at("tracks.csv"), .out = at("corpus"), .force = true});
  };
  EXPECT_EQ(prepare("audio,pose,instrument\na.wav,a.npy,vn\nb.wav,b.npy,vn\n").reused_tracks, 0);
  const std::string sound = read_text(at("corpus") / "a" / "audio.flac");
  // One more take, and a changed label.
  const PrepareReport more =
      prepare("audio,pose,instrument\na.wav,a.npy,va\nb.wav,b.npy,vn\nc.wav,c.npy,vc\n");
  EXPECT_EQ(more.reused_tracks, 2);
  EXPECT_CONTAINS(describe(more), "2 tracks reused");
  EXPECT_EQ(read_text(at("corpus") / "a" / "audio.flac"), sound);
  EXPECT_CONTAINS(read_text(at("corpus") / "tracks.csv"), ",va,");
  const CheckReport checked = check(at("corpus"));
  // The three takes sound alike, which is the only problem of this corpus.
  for (const std::string& problem : checked.problems) EXPECT_CONTAINS(problem, "the same sound");
  write_recording(folder.path(), "b", 6);
  EXPECT_EQ(prepare("audio,pose\na.wav,a.npy\nb.wav,b.npy\n").reused_tracks, 1);
  EXPECT_EQ(prepare("audio,pose,person\na.wav,a.npy,\nb.wav,b.npy,\n").reused_tracks, 2);
}

class DamagedCorpus : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto& [name, hz] : {std::pair{"a", 220.0}, {"b", 550.0}}) {
      write_recording(folder_.path(), name, 5, hz);
    }
    write_text(at("tracks.csv"), "audio,pose\na.wav,a.npy\nb.wav,b.npy\n");
    whole_ = prepare().hash;
  }
  std::filesystem::path at(const std::string& name) const { return folder_.path() / name; }
  PrepareReport prepare(Shard shard = {}, bool force = true) const {
    return prepare_folder({.table = at("tracks.csv"),
                           .out = at("corpus"),
                           .force = force,
                           .threads = 1,
                           .shard = shard});
  }
  // Changes a byte of a file in place.
  static void damage(const std::filesystem::path& file) {
    std::string content = read_text(file);
    content[content.size() / 2] ^= 1;
    write_text(file, content);
  }
  void expect_repaired(const PrepareReport& report) const {
    EXPECT_EQ(report.reused_tracks, 1);
    EXPECT_EQ(report.hash, whole_);
    for (const std::string& problem : check(at("corpus")).problems) {
      EXPECT_EQ(problem.find("content hash"), std::string::npos) << problem;
    }
  }
  TempFolder folder_;
  std::string whole_;
};

TEST_F(DamagedCorpus, ItsTracksAreNotReused) {
  damage(at("corpus/a/pose.npy"));
  expect_repaired(prepare());
  const std::string sound = read_text(at("corpus/b/audio.flac"));
  write_text(at("corpus/b/audio.flac"), sound.substr(0, sound.size() / 2));
  expect_repaired(prepare());
  std::filesystem::remove(at("corpus/a/audio.flac"));
  expect_repaired(prepare());
  // What the table says about a track.
  std::string table = read_text(at("corpus/tracks.csv"));
  table.replace(table.find(",125,"), 5, ",124,");
  write_text(at("corpus/tracks.csv"), table);
  EXPECT_EQ(prepare().hash, whole_);
  EXPECT_EQ(prepare().reused_tracks, 2);
}

TEST_F(DamagedCorpus, TracksOfACorpusWithoutTheirHashesAreReadAgain) {
  write_text(at("corpus/sources.csv"), "track,source\na,1\nb,2\n");
  EXPECT_EQ(prepare().reused_tracks, 0);
  EXPECT_EQ(prepare().reused_tracks, 2);
}

TEST_F(DamagedCorpus, ADamagedShardIsNotMerged) {
  std::filesystem::remove_all(at("corpus"));
  const Shard first{.number = 1, .count = 2}, second{.number = 2, .count = 2};
  const Shard merge{.merge = true};
  for (const Shard& shard : {first, second}) prepare(shard, false);
  const auto pose = at("corpus.shards/1-of-2/a/pose.npy");
  damage(pose);
  const std::string message = input_error([&] { prepare(merge, false); });
  EXPECT_CONTAINS(message, "1 is in none or damaged, such as a;");
  EXPECT_FALSE(std::filesystem::exists(at("corpus")));
  EXPECT_EQ(prepare(first, false).reused_tracks, 0);
  EXPECT_EQ(prepare(second, false).reused_tracks, 1);
  EXPECT_EQ(prepare(merge, false).hash, whole_);
  // The merged corpus is damaged: merging again replaces it.
  std::filesystem::remove(at("corpus/a/pose.npy"));
  EXPECT_EQ(prepare(merge, false).hash, whole_);
  EXPECT_EQ(read_text(at("corpus/a/pose.npy")), read_text(pose));
}

}  // namespace
}  // namespace minet::corpus
