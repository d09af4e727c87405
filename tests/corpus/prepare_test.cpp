// From a table of recordings to a corpus that opens.
#include "minet/corpus/prepare.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "corpus/helpers.hpp"
#include "corpus/level.hpp"
#include "minet/core/csv.hpp"
#include "minet/core/hash.hpp"
#include "minet/core/text.hpp"
#include "minet/corpus/corpus.hpp"
#include "minet/corpus/instruments.hpp"
#include "minet/score/midi.hpp"

namespace minet::corpus {
namespace {

class PrepareFolder : public testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 5; ++i) {
      write_recording(in(), "take" + std::to_string(i), 4.5 + i, 220.0 * (i + 1));
    }
    write_text(in() / "take1.csv", "onset_s,duration_s,pitch\n0.5,1,69\n5,9,71\n7,1,72\n");
    options_.table = in() / "tracks.csv";
    options_.out = folder_.path() / "corpus";
    options_.threads = 1;
    write_table(
        "audio,pose,notes,instrument,group\n"
        "take0.wav,take0.npy,,vn,a\n"
        "take1.wav,take1.npy,take1.csv,fl,b\n"
        "take2.wav,take2.npy,,,b\n"
        "take3.wav,take3.npy,,ob,c\n"
        "take4.wav,take4.npy,,vn,d\n");
  }
  const std::filesystem::path& in() const { return folder_.path(); }
  void write_table(const std::string& content) { write_text(options_.table, content); }
  std::string error() {
    const std::string message = input_error([&] { prepare_folder(options_); });
    expect_nothing_written();
    return message;
  }
  void expect_nothing_written() {
    EXPECT_FALSE(std::filesystem::exists(options_.out));
    for (const auto& entry : std::filesystem::directory_iterator(in())) {
      EXPECT_EQ(entry.path().string().find("partial"), std::string::npos) << entry.path();
    }
  }
  TempFolder folder_;
  PrepareFolderOptions options_;
};

TEST_F(PrepareFolder, MakesACorpusThatOpens) {
  const PrepareReport report = prepare_folder(options_);
  const Corpus corpus = Corpus::open(options_.out);
  ASSERT_EQ(corpus.tracks().size(), 5U);
  EXPECT_EQ(corpus.source(), "folder");
  EXPECT_EQ(corpus.fps(), 25);
  EXPECT_EQ(corpus.sample_rate(), 16000);
  EXPECT_EQ(corpus.hash(), report.hash);
  EXPECT_EQ(report.train_tracks, static_cast<std::int64_t>(corpus.tracks_of("train").size()));
  EXPECT_EQ(report.test_tracks, static_cast<std::int64_t>(corpus.tracks_of("test").size()));
  EXPECT_GE(report.test_tracks, 1);
  EXPECT_EQ(report.tracks_with_notes, 1);
  for (const Track& track : corpus.tracks()) {
    const audio::Sound sound = corpus.read_audio(track);
    const pose::PoseSequence pose = corpus.read_pose(track);
    EXPECT_EQ(sound.sample_rate, 16000);
    EXPECT_DOUBLE_EQ(sound.seconds(), track.seconds);
    EXPECT_EQ(pose.frames, track.pose_frames);
    EXPECT_EQ(static_cast<std::int64_t>(sound.samples.size()), pose.frames * 640);
    EXPECT_NEAR(measure_level(sound.samples).active_db, kTargetLevelDb, 0.05) << track.id;
  }
  EXPECT_EQ(corpus.tracks()[1].split, corpus.tracks()[2].split);  // one group
}

TEST_F(PrepareFolder, NotesAreCutToTheTrack) {
  prepare_folder(options_);
  const Corpus corpus = Corpus::open(options_.out);
  const Track& track = corpus.tracks()[1];  // 5.5 s; its pose ends with it or one frame earlier
  ASSERT_TRUE(track.has_notes);
  const auto notes = corpus.read_notes(track);
  ASSERT_EQ(notes.size(), 2U);
  EXPECT_EQ(notes[0], (score::Note{.onset_s = 0.5, .duration_s = 1, .pitch = 69}));
  EXPECT_NEAR(notes[1].end_s(), track.seconds, 1e-9);
  EXPECT_TRUE(corpus.read_notes(corpus.tracks()[0]).empty());
}

TEST_F(PrepareFolder, TheInstrumentIsReadApart) {
  prepare_folder(options_);
  const Corpus corpus = Corpus::open(options_.out);
  const std::map<std::string, std::string> expected = {
      {"take0", "vn"}, {"take1", "fl"}, {"take3", "ob"}, {"take4", "vn"}};
  EXPECT_EQ(read_instruments(corpus), expected);
}

TEST_F(PrepareFolder, TheHashIsThatOfWhatSha256sumPrints) {
  const PrepareReport report = prepare_folder(options_);
  std::string listing = sha256_of_file(options_.out / "tracks.csv") + "  tracks.csv\n";
  for (const Track& track : Corpus::open(options_.out).tracks()) {
    for (const char* file : {"audio.flac", "pose.npy", "notes.csv"}) {
      const std::string name = track.id + "/" + file;
      if (!std::filesystem::exists(options_.out / name)) continue;
      listing += sha256_of_file(options_.out / name) + "  " + name + "\n";
    }
  }
  EXPECT_EQ(report.hash, sha256(listing));
}

TEST_F(PrepareFolder, DoesNotDependOnTheNumberOfThreads) {
  const std::string hash = prepare_folder(options_).hash;
  options_.out = folder_.path() / "other";
  options_.threads = 7;
  EXPECT_EQ(prepare_folder(options_).hash, hash);
  options_.out = folder_.path() / "third";
  options_.seed = 5;  // another split
  options_.keep_level = true;
  EXPECT_NE(prepare_folder(options_).hash, hash);
}

TEST_F(PrepareFolder, KeepLevelLeavesTheSamplesAsTheyAre) {
  options_.keep_level = true;
  prepare_folder(options_);
  const Corpus corpus = Corpus::open(options_.out);
  const auto sound = corpus.read_audio(corpus.tracks()[0]);
  const auto original = tone(4.5, 220);
  ASSERT_GE(original.samples.size(), sound.samples.size());
  double largest = 0;
  for (std::size_t i = 0; i < sound.samples.size(); ++i) {
    largest =
        std::max(largest, std::abs(static_cast<double>(sound.samples[i]) - original.samples[i]));
  }
  EXPECT_LT(largest, 2.0 / 32768);
  const CsvTable table = read_csv(options_.out / "tracks.csv");
  EXPECT_EQ(table.rows[0].cells[table.column("gain_db")], "0");
}

TEST_F(PrepareFolder, RecordsTheGainThatItApplied) {
  prepare_folder(options_);
  const CsvTable table = read_csv(options_.out / "tracks.csv");
  const auto gain = parse_double(table.rows[0].cells[table.column("gain_db")]);
  ASSERT_TRUE(gain);
  EXPECT_NEAR(*gain, kTargetLevelDb - 20 * std::log10(0.3 / std::sqrt(2.0)), 0.02);
}

TEST_F(PrepareFolder, CutsToTheShorterAndWarns) {
  audio::save_wav(in() / "long.wav", tone(9));
  pose::save_pose_npy(in() / "short.npy", waving_player(126));  // 5.04 s
  write_table("audio,pose\nlong.wav,short.npy\ntake1.wav,take1.npy\n");
  const PrepareReport report = prepare_folder(options_);
  ASSERT_EQ(report.notices.size(), 1U);
  EXPECT_EQ(report.notices[0].kind, NoticeKind::length);
  EXPECT_CONTAINS(report.notices[0].text(), "line 2: ");
  EXPECT_CONTAINS(report.notices[0].text(), "both cut to");
  EXPECT_NEAR(Corpus::open(options_.out).tracks()[0].seconds, 5.04, 0.041);
}

TEST_F(PrepareFolder, CountsTheGapsOfTheTrackAlone) {
  // The keypoints are good for as long as there is sound, then unseen.
  pose::PoseSequence good_first = waving_player(800);
  for (std::int64_t frame = 150; frame < good_first.frames; ++frame) {
    for (int joint = 0; joint < pose::kJoints; ++joint) good_first.joint(frame, joint)[2] = 0.1F;
  }
  pose::save_pose_npy(in() / "long.npy", good_first);
  audio::save_wav(in() / "six.wav", tone(6));
  audio::save_wav(in() / "eight.wav", tone(8, 330));
  write_table("audio,pose\nsix.wav,long.npy\neight.wav,long.npy\n");
  prepare_folder(options_);
  const Corpus corpus = Corpus::open(options_.out);
  EXPECT_EQ(corpus.tracks()[0].gap_share, 0);
  EXPECT_EQ(corpus.tracks()[1].gap_share, 0.25);
}

TEST_F(PrepareFolder, TellsAllProblemsAtOnceWithTheirLines) {
  write_text(in() / "empty.wav", "");
  write_text(in() / "words.wav", "these are words, not sound\n");
  write_recording(in(), "short", 3.9);
  audio::save_wav(in() / "silent.wav", tone(5, 440, 0));
  write_text(in() / "late.csv", "onset_s,duration_s,pitch\n60,1,69\n");
  write_table(
      "audio,pose,notes,split,group\n"
      "gone.wav,take0.npy,,,\n"
      "take0.wav,gone.npy,,,\n"
      "empty.wav,take0.npy,,,\n"
      "words.wav,take0.npy,,,\n"
      "take0.wav,take0.npy,gone.mid,,\n"
      "take1.wav,take1.npy,,,\n"
      "short.wav,short.npy,,,\n"
      "silent.wav,take0.npy,,,\n"
      "take0.wav,take0.npy,late.csv,,\n"
      "take2.wav,take2.npy,,train,g\n"
      "take3.wav,take3.npy,,test,g\n"
      "take4.wav,take4.npy,,tset,\n");
  const std::string message = error();
  EXPECT_CONTAINS(message, "10 of 12 rows");
  for (const char* part : {"line 2: ", "line 3: ", "line 4: ", "line 5: ", "line 6: ", "line 8: ",
                           "line 9: ", "line 10: ", "line 12: ", "line 13: "}) {
    EXPECT_CONTAINS(message, part);
  }
  for (const char* part : {"line 7: ", "line 11: "}) {
    EXPECT_EQ(message.find(part), std::string::npos) << message;
  }
  EXPECT_CONTAINS(message, "gone.wav");
  EXPECT_CONTAINS(message, "gone.npy");
  EXPECT_CONTAINS(message, "empty.wav");
  EXPECT_CONTAINS(message, "words.wav");
  EXPECT_CONTAINS(message, "gone.mid");
  EXPECT_CONTAINS(message, "at least one clip of 4 s");
  EXPECT_CONTAINS(message, "never gets louder");
  EXPECT_CONTAINS(message, "none does");
  EXPECT_CONTAINS(message, "group g");
  EXPECT_CONTAINS(message, "tset");

  options_.skip_bad = true;
  const PrepareReport report = prepare_folder(options_);
  EXPECT_EQ(report.skipped.size(), 10U);
  EXPECT_EQ(report.train_tracks + report.test_tracks, 2);
  std::set<std::string> ids;
  for (const Track& track : Corpus::open(options_.out).tracks()) ids.insert(track.id);
  EXPECT_EQ(ids, (std::set<std::string>{"take1", "take2"}));
  EXPECT_FALSE(std::filesystem::exists(options_.out / "short"));
}

TEST_F(PrepareFolder, WithNothingUsableFailsEvenWhenSkipping) {
  write_table("audio,pose\ngone.wav,take0.npy\n");
  options_.skip_bad = true;
  EXPECT_CONTAINS(error(), "gone.wav");
}

TEST_F(PrepareFolder, AFileOfExactlyOneClipIsLongEnough) {
  audio::save_wav(in() / "exact.wav", tone(4));
  pose::save_pose_npy(in() / "exact.npy", waving_player(100));
  write_table("audio,pose\nexact.wav,exact.npy\n");
  prepare_folder(options_);
  EXPECT_EQ(Corpus::open(options_.out).tracks()[0].pose_frames, 100);
}

TEST_F(PrepareFolder, KeepsAnExistingFolderWithoutForce) {
  std::filesystem::create_directory(options_.out);
  write_text(options_.out / "mine.txt", "mine");
  EXPECT_CONTAINS(input_error([&] { prepare_folder(options_); }), "'force'");
  options_.force = true;  // refused even then, since it is not a corpus
  EXPECT_CONTAINS(input_error([&] { prepare_folder(options_); }), "is none");
  EXPECT_EQ(read_text(options_.out / "mine.txt"), "mine");
}

TEST_F(PrepareFolder, ForceReplacesACorpusOnlyWhenTheNewOneIsWhole) {
  prepare_folder(options_);
  const std::string before = read_text(options_.out / "corpus.yaml");
  write_table("audio,pose\ngone.wav,take0.npy\n");
  options_.force = true;
  EXPECT_CONTAINS(input_error([&] { prepare_folder(options_); }), "gone.wav");
  EXPECT_EQ(read_text(options_.out / "corpus.yaml"), before);
  write_table("audio,pose\ntake3.wav,take3.npy\n");
  prepare_folder(options_);
  EXPECT_EQ(Corpus::open(options_.out).tracks().size(), 1U);
  EXPECT_FALSE(std::filesystem::exists(options_.out / "take0"));
}

TEST_F(PrepareFolder, ForceNeverDeletesItsOwnInput) {
  prepare_folder(options_);
  std::filesystem::copy(in() / "take0.wav", options_.out / "take0.wav");
  write_table("audio,pose\ncorpus/take0.wav,take0.npy\n");
  options_.force = true;
  EXPECT_CONTAINS(input_error([&] { prepare_folder(options_); }), "with the input");
  EXPECT_TRUE(std::filesystem::exists(options_.out / "take0.wav"));
}

TEST_F(PrepareFolder, RefusesAnImpossibleShare) {
  options_.test_share = 1;
  EXPECT_CONTAINS(error(), "test share");
  options_.test_share = std::nan("");
  EXPECT_CONTAINS(error(), "test share");
}

TEST_F(PrepareFolder, WarnsOfOneRecordingInBothSplits) {
  write_table(
      "audio,pose,group,split\ntake0.wav,take0.npy,a,train\n./take0.wav,take1.npy,b,test\n"
      "take1.wav,take1.npy,c,train\n");
  const PrepareReport report = prepare_folder(options_);
  EXPECT_TRUE(has(report.notices, NoticeKind::length));  // its second pose is longer
  ASSERT_EQ(report.warnings.size(), 1U);
  EXPECT_CONTAINS(report.warnings[0], "line 3: ");
  EXPECT_CONTAINS(report.warnings[0], "is also in line 2, but in the other split");
}

TEST_F(PrepareFolder, SaysWhenThereIsNoTestSplit) {
  write_table("audio,pose,group\ntake0.wav,take0.npy,a\ntake1.wav,take1.npy,a\n");
  const PrepareReport report = prepare_folder(options_);
  EXPECT_EQ(report.test_tracks, 0);
  ASSERT_EQ(report.warnings.size(), 1U);
  EXPECT_CONTAINS(report.warnings[0], "one group");
  for (const auto& [rows, reason] :
       {std::pair{"take0.wav,take0.npy,\n", "only one track"},
        {"take0.wav,take0.npy,train\ntake1.wav,take1.npy,train\n", "no track has split 'test'"}}) {
    std::filesystem::remove_all(options_.out);
    write_table(std::string("audio,pose,split\n") + rows);
    const PrepareReport other = prepare_folder(options_);
    ASSERT_FALSE(other.warnings.empty());
    EXPECT_CONTAINS(other.warnings[0], reason);
  }
}

TEST_F(PrepareFolder, SaysThatTrainingKeepsOneVoice) {
  write_text(folder_.path() / "chord.csv", "onset_s,duration_s,pitch\n0,1,60\n0,1,64\n1,1,62\n");
  write_table("audio,pose,notes\ntake0.wav,take0.npy,chord.csv\n");
  const PrepareReport report = prepare_folder(options_);
  ASSERT_TRUE(has(report.notices, NoticeKind::score));
}

TEST_F(PrepareFolder, DrumsAreNoNotes) {
  const std::vector<score::Note> hits = {{.onset_s = 0, .duration_s = 1, .pitch = 38},
                                         {.onset_s = 1, .duration_s = 1, .pitch = 40}};
  const std::vector<score::Note> tones = {{.onset_s = 2, .duration_s = 1, .pitch = 69}};
  score::MidiFile file = score::midi_from_notes(hits, {.channel = 9});
  write_text(in() / "drums.mid", score::midi_bytes(file));
  file.format = 1;
  file.tracks.push_back(score::midi_from_notes(tones).tracks.at(0));
  write_text(in() / "mix.mid", score::midi_bytes(file));
  write_table("audio,pose,notes\ntake0.wav,take0.npy,drums.mid\n");
  const std::string message = error();
  EXPECT_CONTAINS(message, "drums.mid, got 2 notes, all on the drums' channel 10; choose another");
  EXPECT_EQ(message.find("should lie inside"), std::string::npos) << message;
  write_table("audio,pose,notes\ntake0.wav,take0.npy,mix.mid\n");
  const PrepareReport report = prepare_folder(options_);
  EXPECT_TRUE(std::any_of(report.notices.begin(), report.notices.end(), [](const Notice& notice) {
    return notice.text().find("2 drum notes left out") != std::string::npos;
  }));
  const Corpus corpus = Corpus::open(options_.out);
  EXPECT_EQ(corpus.read_notes(corpus.tracks()[0]), tones);
}

}  // namespace
}  // namespace minet::corpus
