// URMP's layout: the real names of all 149 parts with tiny sounds, and every kind of missing
// file.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "corpus/helpers.hpp"
#include "corpus/urmp_tree.hpp"
#include "minet/core/csv.hpp"
#include "minet/core/npy.hpp"
#include "minet/core/text.hpp"
#include "minet/corpus/corpus.hpp"
#include "minet/corpus/importers.hpp"
#include "minet/corpus/instruments.hpp"
#include "minet/score/midi.hpp"

namespace minet::corpus {
namespace {

namespace fs = std::filesystem;

struct Part {
  std::string folder, code, file_code, title, number;
  int part = 1;
};

void write_part(const fs::path& root, const Part& part, double hz) {
  const fs::path folder = root / part.folder;
  fs::create_directories(folder);
  const std::string name =
      text("_", part.part, "_", part.file_code, "_", part.number, "_", part.title);
  audio::save_wav(folder / ("AuSep" + name + ".wav"), tone(4.2, hz));
  pose::save_pose_npy(folder / ("Pose" + name + ".npy"), waving_player(126));
  write_text(folder / ("Notes" + name + ".txt"), text("0.5\t", hz, "\t1.0\n"));
}

class Urmp : public testing::Test {
 protected:
  PrepareUrmpOptions options() const {
    return {.root = root_, .pose = root_, .out = folder_.path() / "corpus", .threads = 2};
  }
  void duet(const std::string& number, const std::string& title) {
    const std::string folder = number + "_" + title + "_vn_vc";
    write_part(root_, {folder, "vn", "vn", title, number, 1}, 440);
    write_part(root_, {folder, "vc", "vc", title, number, 2}, 220);
  }
  TempFolder folder_;
  fs::path root_ = folder_.path() / "urmp";
};

TEST(UrmpNames, PiecesAreReadFromFolderNames) {
  const auto piece = parse_piece("15_Surprise_tpt_tpt_tbn");
  ASSERT_TRUE(piece);
  EXPECT_EQ(piece->number, "15");
  EXPECT_EQ(piece->title, "Surprise");
  EXPECT_EQ(piece->codes, (std::vector<std::string>{"tpt", "tpt", "tbn"}));
  for (const char* name : {"Supplementary_Files", "15_Surprise", "Surprise_vn", "15__vn", "15_vn",
                           "15_Surprise_vn_xx", ""}) {
    EXPECT_FALSE(parse_piece(name)) << name;
  }
}

TEST_F(Urmp, AllRealNamesBecomeACorpus) {
  const auto data = shared_data();
  if (data.empty()) GTEST_SKIP() << "no shared data: set MINET_SHARED_DATA to its folder";
  const CsvTable table = read_csv(data / "urmp/urmp_tracks.csv");
  const auto cell = [&](const CsvRow& row, const char* name) {
    return row.cells[table.column(name)];
  };
  std::map<std::string, std::string> instrument_of;
  for (const CsvRow& row : table.rows) {
    const Part part{cell(row, "folder"), cell(row, "instrument"), cell(row, "file_code"),
                    cell(row, "title"),  cell(row, "piece_id"),   std::stoi(cell(row, "part"))};
    write_part(root_, part, 200 + 3.0 * static_cast<double>(row.line));
    instrument_of[text(part.number, "_", part.title, "_", part.part, "_", part.code)] = part.code;
  }
  fs::create_directories(root_ / "Supplementary_Files" / "x");
  write_text(root_ / "15_Surprise_tpt_tpt_tbn" / "._AuSep_3_tpt_15_Surprise.wav", "a mirror's");
  fs::create_directory(root_ / ".hidden_vn");
  const PrepareReport report = prepare_urmp(options());
  EXPECT_EQ(report.train_tracks, 124);
  EXPECT_EQ(report.test_tracks, 13);
  EXPECT_EQ(report.tracks_with_notes, 137);
  EXPECT_CONTAINS(describe(report), "12 further parts");

  const Corpus corpus = Corpus::open(options().out);
  EXPECT_EQ(corpus.source(), "urmp, notes performed");
  const auto instruments = read_instruments(corpus);
  std::map<std::string, std::set<std::string>> splits_of_group;
  std::set<std::string> tested;
  for (const Track& track : corpus.tracks()) {
    ASSERT_TRUE(instrument_of.contains(track.id)) << track.id;
    EXPECT_EQ(instruments.at(track.id), instrument_of[track.id]);
    splits_of_group[track.group].insert(track.split);
    if (track.split == "test") tested.insert(instruments.at(track.id));
  }
  for (const auto& [group, splits] : splits_of_group) EXPECT_EQ(splits.size(), 1U) << group;
  EXPECT_EQ(tested.size(), 13U);
  EXPECT_EQ(instruments.at("15_Surprise_3_tbn"), "tbn");  // its files say tpt
}

TEST_F(Urmp, ThePapersSplitLeaksByCompositionAndSaysSo) {
  const std::string folder = "01_Jupiter_vn_vn";
  write_part(root_, {folder, "vn", "vn", "Jupiter", "01", 1}, 440);
  write_part(root_, {folder, "vn", "vn", "Jupiter", "01", 2}, 330);
  PrepareUrmpOptions as_paper = options();
  as_paper.split = parse_urmp_split("paper");
  const PrepareReport report = prepare_urmp(as_paper);
  EXPECT_EQ(report.train_tracks, 1);
  EXPECT_EQ(report.test_tracks, 1);
  ASSERT_FALSE(report.warnings.empty());
  EXPECT_CONTAINS(report.warnings.front(), "This split leaks: of 1 of the 1 test tracks");
  EXPECT_CONTAINS(input_error([] { parse_urmp_split("random"); }), "leak-free or paper");
}

TEST_F(Urmp, WhatIsMissingIsToldByPartAllAtOnce) {
  duet("01", "Jupiter");
  duet("02", "Sonata");
  fs::remove(root_ / "01_Jupiter_vn_vc" / "AuSep_1_vn_01_Jupiter.wav");
  fs::remove(root_ / "01_Jupiter_vn_vc" / "Notes_1_vn_01_Jupiter.txt");
  fs::remove(root_ / "02_Sonata_vn_vc" / "Pose_2_vc_02_Sonata.npy");
  const std::string message = input_error([&] { prepare_urmp(options()); });
  EXPECT_CONTAINS(message, "2 of 4 parts");
  EXPECT_CONTAINS(message, "01_Jupiter_vn_vc part 1: no AuSep_1_* file");
  EXPECT_CONTAINS(message, "no Notes_1_* file");
  EXPECT_CONTAINS(message, "02_Sonata_vn_vc part 2: no keypoints");
  EXPECT_FALSE(fs::exists(options().out));
  PrepareUrmpOptions lenient = options();
  lenient.skip_bad = true;
  const PrepareReport report = prepare_urmp(lenient);
  EXPECT_EQ(report.train_tracks + report.test_tracks, 2);
  EXPECT_EQ(report.skipped.size(), 2U);
}

TEST_F(Urmp, TheScoreGivesEachPartItsOwnTrack) {
  duet("01", "Jupiter");
  duet("02", "Sonata");
  for (const char* name : {"01_Jupiter_vn_vc", "02_Sonata_vn_vc"}) {
    score::MidiFile file;
    file.tracks.resize(3);  // a tempo track without notes, then a track per part
    file.tracks[0].events = {score::midi_tempo(0, 1'000'000)};
    for (const int part : {1, 2}) {
      auto& track = file.tracks[static_cast<std::size_t>(part)];
      track.events = {score::midi_note_on(480, 0, part == 1 ? 76 : 48, 80),
                      score::midi_note_off(960, 0, part == 1 ? 76 : 48)};
      track.end_tick = 960;
    }
    write_text(root_ / name / ("Sco_" + std::string(name) + ".mid"), score::midi_bytes(file));
  }
  PrepareUrmpOptions with_score = options();
  with_score.notes = UrmpNotes::score;
  const PrepareReport report = prepare_urmp(with_score);
  EXPECT_CONTAINS(describe(report), "not aligned");
  const Corpus corpus = Corpus::open(with_score.out);
  EXPECT_EQ(corpus.source(), "urmp, notes score");
  for (const Track& track : corpus.tracks()) {
    const auto notes = corpus.read_notes(track);
    ASSERT_EQ(notes.size(), 1U) << track.id;
    EXPECT_EQ(notes[0].pitch, track.id.ends_with("vn") ? 76 : 48);
    EXPECT_NEAR(notes[0].onset_s, 1, 1e-6);
  }
  write_text(root_ / "01_Jupiter_vn_vc" / "Sco_01_Jupiter_vn_vc.mid",
             score::midi_bytes(score::midi_from_notes(std::vector<score::Note>{{0, 1, 60}})));
  with_score.force = true;
  EXPECT_CONTAINS(input_error([&] { prepare_urmp(with_score); }), "each of 2 parts");
}

// The players of 01_Jupiter in one video, as OpenPose's files in `name`; the right one is listed
// first and is sometimes missing. `other`: where somebody else is seen in a frame.
class UrmpVideo : public Urmp {
 protected:
  fs::path film(const std::string& name, const std::function<std::optional<double>(int)>& other) {
    duet("01", "Jupiter");
    duet("02", "Sonata");
    const fs::path folder = root_ / "01_Jupiter_vn_vc";
    for (const char* pose : {"Pose_1_vn_01_Jupiter.npy", "Pose_2_vc_01_Jupiter.npy"}) {
      fs::remove(folder / pose);
    }
    fs::create_directory(folder / name);
    for (int frame = 0; frame < 140; ++frame) {
      std::vector<double> centers = {900, 300};
      if (frame % 10 == 4) centers.erase(centers.begin());
      if (other(frame)) centers.push_back(*other(frame));
      char file[64];
      std::snprintf(file, sizeof file, "Vid_%012d_keypoints.json", frame);
      write_text(folder / name / file, people_json(centers));
    }
    return folder / name;
  }

  void expect_players_in_their_places(const PrepareUrmpOptions& made) {
    const Corpus corpus = Corpus::open(made.out);
    int looked = 0;
    for (const Track& track : corpus.tracks()) {
      if (!track.id.starts_with("01_")) continue;
      ++looked;
      const pose::PoseSequence pose = corpus.read_pose(track);
      for (std::int64_t frame = 0; frame < pose.frames; ++frame) {
        const float x = pose.joint(frame, pose::kNeck)[0];
        EXPECT_NEAR(x, track.id.ends_with("1_vn") ? 320 : 920, 1) << track.id << " " << frame;
      }
    }
    EXPECT_EQ(looked, 2);
  }

 private:
  static std::string people_json(const std::vector<double>& centers) {
    std::string people;
    for (const double center : centers) {
      std::string numbers, hand;
      for (int i = 0; i < 25; ++i) {
        numbers += text(i > 0 ? "," : "", center + 20 * (i % 5), ",", 200 + 15 * i, ",0.9");
      }
      for (int i = 0; i < 21; ++i) hand += text(i > 0 ? "," : "", center + i, ",400,0.8");
      people += text(people.empty() ? "" : ",", "{\"pose_keypoints_2d\":[", numbers,
                     "],\"hand_left_keypoints_2d\":[", hand, "],\"hand_right_keypoints_2d\":[",
                     hand, "]}");
    }
    return "{\"people\":[" + people + "]}";
  }
};

std::string warning_of_players(const PrepareReport& report) {
  for (const Notice& notice : report.notices) {
    if (notice.kind == NoticeKind::players) return notice.text();
  }
  return "";
}

TEST_F(UrmpVideo, PlayersAreToldApartFromLeftToRight) {
  // Named as by the orchestra; "01" is the piece, not part 1.
  const fs::path openpose = film("Pose_01_Jupiter_vn_vc", [](int) { return std::nullopt; });
  EXPECT_EQ(warning_of_players(prepare_urmp(options())), "");
  fs::rename(openpose, openpose.parent_path() / "openpose");
  PrepareUrmpOptions again = options();
  again.out = folder_.path() / "again";
  EXPECT_EQ(prepare_urmp(again).hash, Corpus::open(options().out).hash());
  expect_players_in_their_places(options());
}

TEST_F(UrmpVideo, AFalseDetectionInOneFrameChangesNothing) {
  film("openpose", [](int i) { return i == 33 ? std::optional(50.0) : std::nullopt; });
  EXPECT_EQ(warning_of_players(prepare_urmp(options())), "");
  expect_players_in_their_places(options());
}

TEST_F(UrmpVideo, OneWhoDoesNotPlayIsNoPlayerAndIsWarnedOf) {
  film("openpose", [](int i) { return i % 3 == 0 ? std::optional(50.0) : std::nullopt; });
  EXPECT_CONTAINS(warning_of_players(prepare_urmp(options())), "3 people are seen, but 2 play");
  expect_players_in_their_places(options());
}

TEST_F(Urmp, WrongPathsAndOptionsAreInputErrors) {
  EXPECT_CONTAINS(input_error([&] { prepare_urmp(options()); }), "folder of keypoints");
  fs::create_directories(root_ / "01_Jupiter");
  EXPECT_CONTAINS(input_error([&] { prepare_urmp(options()); }), "01_Jupiter is none");
  PrepareUrmpOptions slow = options();
  slow.fps = 0;
  EXPECT_CONTAINS(input_error([&] { prepare_urmp(slow); }), "fps");
  EXPECT_CONTAINS(input_error([&] { parse_urmp_notes("midi"); }), "performed, score or none");
}

}  // namespace
}  // namespace minet::corpus
