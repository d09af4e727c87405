// The folder that make_orchestra writes: its bytes, its table, its files read back.
#include "minet/orchestra/orchestra.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "minet/audio/sound.hpp"
#include "minet/core/csv.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/npy.hpp"
#include "minet/core/progress.hpp"
#include "minet/core/text.hpp"
#include "minet/pose/readers.hpp"
#include "minet/score/midi.hpp"
#include "minet/score/notes.hpp"
#include "orchestra/sound.hpp"
#include "support/temp_folder.hpp"

using namespace minet;
using namespace minet::orchestra;
using minet::slurp;
using minet::TempFolder;

namespace {

std::map<std::string, std::string> files_of(const std::filesystem::path& root) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file()) continue;
    files[std::filesystem::relative(entry.path(), root).string()] = slurp(entry.path());
  }
  return files;
}

class Orchestra : public ::testing::Test {
 protected:
  void SetUp() override { Progress::set_quiet(true); }
  void TearDown() override { Progress::set_quiet(false); }
  OrchestraReport make(const std::string& name, int tracks, double seconds, std::uint64_t seed = 1,
                       SoundSource sound = SoundSource::additive, bool force = false) {
    return make_orchestra({.out = folder / name,
                           .tracks = tracks,
                           .seconds = seconds,
                           .seed = seed,
                           .sound = sound,
                           .force = force});
  }
  TempFolder folder;
};

}  // namespace

TEST_F(Orchestra, IsTheSameForTheSameSeedAtAnyNumberOfThreads) {
  const OrchestraOptions options{
      .tracks = 18, .seconds = 5, .seed = 1, .sound = SoundSource::additive};
  const auto with = [&](const std::string& name, auto change) {
    OrchestraOptions changed = options;
    changed.out = folder / name;
    change(changed);
    make_orchestra(changed);
    return files_of(folder / name);
  };
  const auto one = with("one", [](auto& o) { o.threads = 1; });
  const auto three = with("three", [](auto& o) { o.threads = 3; });
  const auto other = with("other", [](auto& o) { o.seed = 2; });
  EXPECT_TRUE(one == three);
  EXPECT_EQ(one.size(), 18u * 4 + 5u * 2 + 2);
  int same = 0;
  for (const auto& [name, bytes] : one) same += other.contains(name) && other.at(name) == bytes;
  EXPECT_EQ(same, 1);  // tracks.csv
}

TEST_F(Orchestra, IsTheSameWithSampledInstrumentsAndOpenPoseFilesToo) {
  std::string reason;
  const auto sound = find_sampler(reason) ? SoundSource::fluidsynth : SoundSource::additive;
  for (const int threads : {1, 3}) {
    make_orchestra({.out = folder / std::to_string(threads),
                    .tracks = 16,
                    .seconds = 5,
                    .sound = sound,
                    .pose = PoseFiles::openpose,
                    .threads = threads});
  }
  EXPECT_TRUE(files_of(folder / "1") == files_of(folder / "3"));
}

// The whole orchestra: every instrument at least four times, compositions that several tracks and
// pieces share, and no composition in both splits.
TEST_F(Orchestra, OfFullSizeKeepsCompositionsOnOneSideOfTheSplit) {
  make_orchestra(
      {.out = folder / "out", .seconds = 5, .sound = SoundSource::additive, .mix = false});
  const auto table = read_csv(folder / "out/tracks.csv");
  ASSERT_EQ(table.rows.size(), 148u);
  std::map<std::string, int> tracks_of_instrument, tracks_of_group;
  std::map<std::string, std::set<std::string>> splits, pieces, instruments_of_split;
  for (const CsvRow& row : table.rows) {
    const auto& cell = row.cells;
    const std::string &instrument = cell[3], &group = cell[4], &split = cell[5];
    ++tracks_of_instrument[instrument], ++tracks_of_group[group];
    splits[group].insert(split);
    instruments_of_split[split].insert(instrument);
    pieces[group].insert(std::filesystem::path(cell[0]).parent_path().string());
  }
  EXPECT_EQ(tracks_of_instrument.size(), 13u);
  for (const auto& [code, n] : tracks_of_instrument) EXPECT_GE(n, 4) << code;
  int arranged = 0;
  for (const auto& [group, n] : tracks_of_group) {
    EXPECT_GE(n, 2) << group;
    EXPECT_EQ(splits[group].size(), 1u) << group;
    arranged += pieces[group].size() > 1;
  }
  EXPECT_GE(arranged, 8);
  EXPECT_EQ(instruments_of_split["train"].size(), 13u);
  EXPECT_EQ(instruments_of_split["test"].size(), 13u);
}

TEST_F(Orchestra, PartsDoNotDependOnHowManyTracksThereAre) {
  make("few", 3, 5);
  make("more", 16, 5);
  const auto few = files_of(folder / "few"), more = files_of(folder / "more");
  const std::string cut = "38_Siciliana_vn_vn_va/", whole = "38_Siciliana_vn_vn_va_vc_db/";
  for (const char* const kind : {"AuSep_3_va_38_Siciliana.wav", "Pose_3_va_38_Siciliana.npy",
                                 "Notes_1_vn_38_Siciliana.txt", "F0s_2_vn_38_Siciliana.txt"}) {
    ASSERT_TRUE(few.contains(cut + kind)) << kind;
    ASSERT_TRUE(more.contains(whole + kind)) << kind;
    EXPECT_TRUE(few.at(cut + kind) == more.at(whole + kind)) << kind;
  }
}

TEST_F(Orchestra, WritesATableOfFilesThatReadBack) {
  const auto report = make("out", 31, 5);
  EXPECT_EQ(report.tracks, 31);
  EXPECT_EQ(report.pieces, 9);
  EXPECT_EQ(report.test_tracks, 15);
  EXPECT_EQ(report.tracks_of.size(), 13u);
  EXPECT_EQ(report.sound, SoundSource::additive);
  const auto table = read_csv(folder / "out/tracks.csv");
  EXPECT_EQ(table.header, (std::vector<std::string>{"audio", "pose", "notes", "instrument", "group",
                                                    "split", "fps"}));
  ASSERT_EQ(table.rows.size(), 31u);
  std::map<std::string, std::string> split_of_group;
  std::map<std::string, std::set<std::string>> splits;
  std::map<std::string, std::vector<std::vector<score::Note>>> parts_of;
  std::int64_t notes_in_all = 0;
  const auto root = folder / "out";
  for (const CsvRow& row : table.rows) {
    const auto& cell = row.cells;
    splits[cell[3]].insert(cell[5]);
    const auto [group, is_new] = split_of_group.try_emplace(cell[4], cell[5]);
    EXPECT_EQ(group->second, cell[5]) << "a composition in both splits";
    const auto info = audio::sound_info(root / cell[0]);
    EXPECT_EQ(info.sample_rate, 48000);
    EXPECT_EQ(info.channels, 1);
    EXPECT_EQ(info.samples, 5 * 48000);
    const auto pose = read_npy_float(root / cell[1]);
    EXPECT_EQ(pose.shape, (std::vector<std::int64_t>{150, 47, 3}));
    const auto notes = score::read_notes(root / cell[2]);
    EXPECT_TRUE(notes.repairs.empty()) << notes.repairs.front();
    ASSERT_FALSE(notes.notes.empty());
    notes_in_all += static_cast<std::int64_t>(notes.notes.size());
    parts_of[std::filesystem::path(cell[0]).parent_path().string()].push_back(notes.notes);
  }
  EXPECT_EQ(notes_in_all, report.notes);
  for (const std::string& code : instrument_codes()) EXPECT_EQ(splits[code].size(), 2u) << code;

  for (const auto& [name, parts] : parts_of) {  // the score: a track per part, different times
    const auto midi = score::read_midi(root / name / ("Sco_" + name + ".mid"));
    ASSERT_EQ(midi.tracks.size(), parts.size()) << name;
    for (std::size_t p = 0; p < parts.size(); ++p) {
      score::MidiFile alone = midi;
      alone.tracks = {midi.tracks[p]};
      if (p > 0) alone.tracks.insert(alone.tracks.begin(), score::MidiTrack{});
      const auto score_notes = score::midi_notes(alone);
      ASSERT_EQ(score_notes.notes.size(), parts[p].size()) << name << " part " << p + 1;
      double difference = 0;
      for (std::size_t i = 0; i < parts[p].size(); ++i) {
        EXPECT_EQ(parts[p][i].pitch, score_notes.notes[i].pitch);
        difference += std::abs(parts[p][i].onset_s - score_notes.notes[i].onset_s);
      }
      EXPECT_GT(difference, 0.1 * static_cast<double>(parts[p].size()));
    }
    EXPECT_EQ(audio::sound_info(root / name / ("AuMix_" + name + ".wav")).samples, 5 * 48000);
  }
}

TEST_F(Orchestra, PitchCurvesFollowTheNotes) {
  make("out", 2, 6);
  const std::string name = "2_vn_38_Siciliana";
  const auto root = folder / "out/38_Siciliana_vn_vn";
  const auto notes = score::read_notes(root / ("Notes_" + name + ".txt")).notes;
  const auto rows = split(slurp(root / ("F0s_" + name + ".txt")), '\n');
  ASSERT_EQ(rows.size(), 601u);
  int voiced = 0, right = 0;
  for (std::size_t i = 0; i + 1 < rows.size(); ++i) {
    const auto cells = split(rows[i], '\t');
    ASSERT_EQ(cells.size(), 2u);
    const double t = *parse_double(cells[0]), hz = *parse_double(cells[1]);
    EXPECT_NEAR(t, 0.01 * static_cast<double>(i), 1e-9);
    const auto sounding = std::find_if(notes.begin(), notes.end(), [&](const score::Note& note) {
      return note.onset_s + 0.02 < t && t < note.end_s() - 0.02;
    });
    if (sounding == notes.end()) continue;
    ++voiced;
    right += hz > 0 && std::abs(69 + 12 * std::log2(hz / 440) - sounding->pitch) < 0.5;
  }
  EXPECT_GT(voiced, 200);
  EXPECT_EQ(right, voiced);
}

// People are listed in any order and are sometimes missing, but every player can still be
// identified by position.
TEST_F(Orchestra, OpenPoseFilesShowAllPlayersFromLeftToRight) {
  make_orchestra({.out = folder / "out",
                  .tracks = 5,
                  .seconds = 30,
                  .sound = SoundSource::additive,
                  .pose = PoseFiles::openpose,
                  .mix = false});
  const auto table = read_csv(folder / "out/tracks.csv");
  ASSERT_EQ(table.rows.size(), 5u);
  double before = 0;
  for (const CsvRow& row : table.rows) {
    const auto& cell = row.cells;
    EXPECT_EQ(cell[table.column("pose_format")], "openpose");
    const auto person = parse_integer(cell[table.column("person")]);
    const auto pose =
        pose::read_pose(folder / "out" / cell[1], {.format = pose::parse_pose_format("openpose"),
                                                   .person = static_cast<int>(*person),
                                                   .fps = 29.97,
                                                   .first_frame = {},
                                                   .rows = {}});
    ASSERT_EQ(pose.times.size(), 900u);
    double neck = 0, seen = 0;
    for (std::size_t i = 0; i < 900; ++i) {
      const float* joint = &pose.data[i * pose::kJoints * pose::kJointValues];
      if (joint[2] <= 0) continue;
      neck += joint[0], ++seen;
      EXPECT_LT(std::abs(joint[0] - neck / seen), 120) << "another person in frame " << i;
    }
    EXPECT_GT(seen, 780);
    EXPECT_GT(neck / seen, before + 150);
    before = neck / seen;
  }
  EXPECT_LT(before, 1920);
}

TEST_F(Orchestra, GoesOnWhereAnInterruptedRunStopped) {
  const OrchestraOptions options{
      .out = folder / "out", .tracks = 12, .seconds = 5, .sound = SoundSource::additive};
  make_orchestra(options);
  const auto whole = files_of(folder / "out");
  // As if interrupted: a piece is missing, and the folder still has its unfinished name.
  std::filesystem::rename(folder / "out", folder / "out.unfinished");
  std::filesystem::remove(folder / "out.unfinished/tracks.csv");
  std::filesystem::remove_all(folder / "out.unfinished/42_Toccata_tpt_tpt_hn_tbn_tba");
  const auto kept = folder / "out.unfinished/38_Siciliana_vn_vn_va_vc_db";
  const auto time = std::filesystem::last_write_time(kept);
  OrchestraOptions other = options;
  other.seconds = 6;
  EXPECT_THROW(make_orchestra(other), InputError);
  EXPECT_TRUE(std::filesystem::exists(kept));
  const auto report = make_orchestra(options);
  EXPECT_EQ(report.pieces, 3);
  EXPECT_EQ(report.pieces_before, 2);
  EXPECT_EQ(std::filesystem::last_write_time(folder / "out/38_Siciliana_vn_vn_va_vc_db"), time);
  EXPECT_TRUE(files_of(folder / "out") == whole);
  EXPECT_FALSE(std::filesystem::exists(folder / "out.unfinished"));
}

TEST_F(Orchestra, FewTracksAreForTraining) {
  EXPECT_EQ(make("one", 1, 5).test_tracks, 0);
  EXPECT_EQ(make("some", 16, 5).test_tracks, 0);
}

TEST_F(Orchestra, RefusesBadOptionsAndWritesNothing) {
  EXPECT_THROW(make("x", 0, 10), InputError);
  EXPECT_THROW(make("x", 100000, 10), InputError);
  EXPECT_THROW(make("x", 1, 1), InputError);
  EXPECT_THROW(make("x", 1, std::nan("")), InputError);
  EXPECT_THROW(make("missing/x", 1, 5), InputError);
  EXPECT_TRUE(folder.names().empty());
  make("x", 1, 5);
  EXPECT_THROW(make("x", 1, 5), InputError);
  make("x", 2, 5, 1, SoundSource::additive, true);
  EXPECT_TRUE(std::filesystem::exists(folder / "x/tracks.csv"));
  EXPECT_EQ(folder.names().size(), 1u);
  EXPECT_THROW(parse_sound_source("loud"), InputError);
  EXPECT_EQ(parse_sound_source("auto"), SoundSource::automatic);
}

TEST_F(Orchestra, SaysWhichSoundItUsed) {
  setenv("MINET_SOUNDFONT", "/no/such/bank.sf2", 1);
  EXPECT_THROW(make("x", 1, 5, 1, SoundSource::fluidsynth), WorkError);
  const auto report = make("x", 1, 5, 1, SoundSource::automatic);
  unsetenv("MINET_SOUNDFONT");
  EXPECT_EQ(report.sound, SoundSource::additive);
  EXPECT_NE(report.why.find("built-in"), std::string::npos);
  std::string reason;
  if (!find_sampler(reason)) GTEST_SKIP() << reason;
  const auto sampled = make("y", 1, 5, 1, SoundSource::automatic);
  EXPECT_EQ(sampled.sound, SoundSource::fluidsynth);
  make("z", 1, 5, 1, SoundSource::fluidsynth);
  EXPECT_TRUE(files_of(folder / "y") == files_of(folder / "z"));
}
