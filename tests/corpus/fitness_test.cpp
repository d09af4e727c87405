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

}  // namespace
}  // namespace minet::corpus
