// The folder that make_orchestra writes: its bytes, its table, its files read back.
#include "minet/orchestra/orchestra.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "minet/audio/sound.hpp"
#include "minet/core/csv.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/npy.hpp"
#include "minet/core/progress.hpp"
#include "minet/score/midi.hpp"
#include "minet/score/notes.hpp"
#include "orchestra/sound.hpp"
#include "support/temp_folder.hpp"

using namespace minet;
using namespace minet::orchestra;
using minet::testing::slurp;
using minet::testing::TempFolder;

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

TEST_F(Orchestra, IsTheSameForTheSameSeedWhateverTheNumberOfTracks) {
  make("a", 3, 6);
  make("b", 3, 6);
  make("more", 15, 6);
  make("other", 3, 6, 2);
  const auto a = files_of(folder / "a"), b = files_of(folder / "b"),
             more = files_of(folder / "more"), other = files_of(folder / "other");
  EXPECT_EQ(a.size(), 3u * 4 + 1);
  EXPECT_TRUE(a == b);
  for (const auto& [name, bytes] : a) {
    if (name == "tracks.csv") continue;
    ASSERT_TRUE(more.contains(name)) << name;
    EXPECT_TRUE(more.at(name) == bytes) << name;
    EXPECT_FALSE(other.contains(name) && other.at(name) == bytes) << name;
  }
}

TEST_F(Orchestra, WritesATableOfFilesThatReadBack) {
  const auto report = make("out", 26, 5);
  EXPECT_EQ(report.tracks, 26);
  EXPECT_EQ(report.test_tracks, 13);
  EXPECT_EQ(report.tracks_of.size(), 13u);
  EXPECT_EQ(report.sound, SoundSource::additive);
  const auto table = read_csv(folder / "out/tracks.csv");
  EXPECT_EQ(table.header, (std::vector<std::string>{"audio", "pose", "notes", "instrument", "group",
                                                    "split", "fps"}));
  ASSERT_EQ(table.rows.size(), 26u);
  std::map<std::string, std::vector<std::string>> splits;
  std::map<std::string, std::string> split_of_group;
  std::int64_t notes_in_all = 0;
  for (const CsvRow& row : table.rows) {
    const auto& cell = row.cells;
    splits[cell[3]].push_back(cell[5]);
    const auto [group, is_new] = split_of_group.try_emplace(cell[4], cell[5]);
    EXPECT_EQ(group->second, cell[5]) << "a composition in both splits";
    const auto root = folder / "out";
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
    const auto sco = root / std::filesystem::path(cell[0]).parent_path() /
                     ("Sco_" + std::filesystem::path(cell[0]).parent_path().string() + ".mid");
    const auto score_notes = score::read_notes(sco);
    ASSERT_EQ(score_notes.notes.size(), notes.notes.size());
    for (std::size_t i = 0; i < notes.notes.size(); ++i) {
      EXPECT_EQ(notes.notes[i].pitch, score_notes.notes[i].pitch);
    }
  }
  EXPECT_EQ(notes_in_all, report.notes);
  for (const std::string& code : instrument_codes()) {
    EXPECT_EQ(splits[code], (std::vector<std::string>{"train", "test"})) << code;
  }
}

TEST_F(Orchestra, ALoneTrackOfAnInstrumentIsForTraining) {
  EXPECT_EQ(make("one", 1, 5).test_tracks, 0);
  EXPECT_EQ(make("some", 15, 5).test_tracks, 2);
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
