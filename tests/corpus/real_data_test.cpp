// A corpus of real phrases and real keypoints, used in place; skipped if they are absent.
#include <gtest/gtest.h>

#include <cmath>

#include "corpus/helpers.hpp"
#include "corpus/level.hpp"
#include "minet/corpus/check.hpp"
#include "minet/corpus/corpus.hpp"
#include "minet/corpus/instruments.hpp"
#include "minet/corpus/prepare.hpp"

namespace minet::corpus {
namespace {

// The pairs are arbitrary: no recording here comes with its own player's keypoints.
TEST(RealCorpus, PhrasesWithTheSolosSaxophonistAndOpenPoseFolders) {
  const std::filesystem::path data = shared_data();
  if (data.empty()) GTEST_SKIP() << "no shared data: set MINET_SHARED_DATA to its folder";
  const auto file = [&](const std::string& name) { return (data / name).string(); };
  const std::string sax = file("solos/skeleton_OqH9szlahwU_f0000-0899.npy");
  std::string table = "audio,pose,instrument,fps,pose_format\n";
  for (const auto& [name, code] : {std::pair{"violin", "vn"},
                                   {"flute", "fl"},
                                   {"clarinet", "cl"},
                                   {"saxophone", "sax"},
                                   {"horn", "hn"},
                                   {"trombone", "tbn"},
                                   {"tuba", "tba"}}) {
    for (const auto& entry : std::filesystem::directory_iterator(data / "audio/gcompris")) {
      if (!entry.path().stem().string().starts_with(name)) continue;
      table += entry.path().string() + "," + sax + "," + code + ",,solos\n";
    }
  }
  std::string cello;
  for (const auto& entry : std::filesystem::directory_iterator(data / "audio/sms-tools")) {
    if (entry.path().filename().string().find("cello") != std::string::npos) {
      cello = entry.path().string();
    }
  }
  ASSERT_FALSE(cello.empty());
  table += cello + "," + file("openpose/psl_word_good_1564405243") + ",vc,25,\n";
  const std::string bass = file("audio/tinysol");
  for (const auto& entry : std::filesystem::directory_iterator(bass)) {
    if (entry.path().extension() != ".wav") continue;
    table += entry.path().string() + "," + file("openpose/psl_word_shukriya_1563023832") +
             ",db,15,openpose\n";
  }
  TempFolder folder;
  write_text(folder.path() / "tracks.csv", table);
  const std::filesystem::path root = folder.path() / "corpus";
  const PrepareReport report =
      prepare_folder({.table = folder.path() / "tracks.csv", .out = root, .threads = 2});
  EXPECT_GE(report.train_tracks + report.test_tracks, 9);
  EXPECT_GE(report.test_tracks, 1);

  const Corpus corpus = Corpus::open(root);
  std::size_t limited = 0;
  for (const Track& track : corpus.tracks()) {
    const audio::Sound sound = corpus.read_audio(track);
    EXPECT_GE(track.seconds, 4) << track.id;
    EXPECT_EQ(static_cast<std::int64_t>(sound.samples.size()), 640 * track.pose_frames);
    const Level level = measure_level(sound.samples);
    EXPECT_LE(level.active_db, kTargetLevelDb + 0.05) << track.id;
    EXPECT_LE(20 * std::log10(level.peak), kPeakLimitDb + 0.01) << track.id;
    limited += level.active_db < kTargetLevelDb - 0.05;
    for (const float value : corpus.read_pose(track).data) ASSERT_TRUE(std::isfinite(value));
  }
  EXPECT_LT(limited, corpus.tracks().size() / 2);  // most reach the target
  EXPECT_EQ(read_instruments(corpus).size(), corpus.tracks().size());

  const CheckReport checked = check(root);
  EXPECT_TRUE(checked.usable()) << describe(checked);
  EXPECT_EQ(checked.hash, report.hash);
}

}  // namespace
}  // namespace minet::corpus
