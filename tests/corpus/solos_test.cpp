// Solos' own JSON files and sample array with synthetic sounds, and small made-up sets.
#include <gtest/gtest.h>

#include <fstream>

#include "corpus/helpers.hpp"
#include "corpus/solos_files.hpp"
#include "minet/core/npy.hpp"
#include "minet/core/text.hpp"
#include "minet/corpus/corpus.hpp"
#include "minet/corpus/importers.hpp"
#include "minet/corpus/instruments.hpp"

namespace minet::corpus {
namespace {

namespace fs = std::filesystem;

TEST(RealSolos, TheIndexIsReadAsItIs) {
  const auto data = shared_data();
  if (data.empty()) GTEST_SKIP() << "no shared data: set MINET_SHARED_DATA to its folder";
  const SolosIndex index = read_solos_index(data / "solos");
  EXPECT_EQ(index.videos.size(), 754U);  // "_counter" is not a video
  EXPECT_EQ(index.rows, 5976615);
  std::int64_t rows = 0, empty = 0;
  for (const SolosVideo& video : index.videos) {
    EXPECT_NE(video.id, "_counter");
    rows += video.rows.second - video.rows.first;
    empty += video.intervals == 0;
    EXPECT_LE(video.interval_frames, video.rows.second - video.rows.first) << video.id;
  }
  EXPECT_EQ(rows, 5976615);
  EXPECT_GT(empty, 0);
}

TEST(RealSolos, TheSampleArrayIsAnExcerptAndTheRestIsTold) {
  const auto data = shared_data();
  if (data.empty()) GTEST_SKIP() << "no shared data: set MINET_SHARED_DATA to its folder";
  TempFolder folder;
  fs::create_directories(folder.path() / "audio" / "Saxophone");
  audio::save_flac(folder.path() / "audio" / "Saxophone" / "OqH9szlahwU.flac", tone(64.76));
  const PrepareSolosOptions options{
      .root = data / "solos",
      .audio = folder.path() / "audio",
      .out = folder.path() / "corpus",
      .skeleton = data / "solos" / "skeleton_OqH9szlahwU_f0000-0899.npy",
      .first_row = 1230884};
  const PrepareReport report = prepare_solos(options);
  EXPECT_EQ(report.train_tracks, 1);
  const std::string told = describe(report);
  EXPECT_CONTAINS(told, "1 of 754 videos");
  EXPECT_CONTAINS(told, "753 videos outside the array's rows 1230884 to 1231784 (");
  ASSERT_TRUE(has(report.notices, NoticeKind::length));
  EXPECT_CONTAINS(report.notices.front().text(), "only 900 of 1619 frames");
  const Corpus corpus = Corpus::open(options.out);
  ASSERT_EQ(corpus.tracks().size(), 1U);
  const Track track = corpus.tracks()[0];
  EXPECT_EQ(track.group, "OqH9szlahwU");
  EXPECT_EQ(read_instruments(corpus).at(track.id), "sax");
  EXPECT_EQ(track.pose_frames, 900);
  const FloatArray array = read_npy_float(options.skeleton);
  const pose::PoseSequence pose = corpus.read_pose(track);
  for (const std::int64_t frame : {0, 450, 899}) {
    for (const int joint : {0, 6, 30}) {
      EXPECT_EQ(pose.joint(frame, joint)[0],
                array.values[static_cast<std::size_t>(frame * 141 + joint)]);
    }
  }
}

class Solos : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(root_);
    fs::create_directories(audio_ / "Violin");
    write("solos_ids.json", R"({"Violin": ["aaa", "bbb", "-cc"], "Tuba": ["ddd"]})");
    write(
        "skeleton_dict.json",
        R"({"aaa": [0, 110], "bbb": [110, 220], "-cc": [220, 330], "ddd": [330, 440], "_counter": 440})");
    write("solos_timestamps.json",
          R"({"Violin": {"aaa": [[0, 100]], "bbb": [], "-cc": [[5, 60], [70, 90]]}, "Tuba": {}})");
    std::ofstream array(root_ / "skeleton.npy", std::ios::binary);  // raw, like Solos' own
    for (int row = 0; row < 330; ++row) {
      for (int axis = 0; axis < 3; ++axis) {
        for (int joint = 0; joint < 47; ++joint) {
          const float value = axis == 2 ? 0.9F : static_cast<float>(row + 1 + joint * (axis + 1));
          array.write(reinterpret_cast<const char*>(&value), sizeof value);
        }
      }
    }
    audio::save_wav(audio_ / "Violin" / "aaa.wav", tone(4.4, 440));
    audio::save_flac(audio_ / "-cc.flac", tone(4.4, 330));
    write_text(audio_ / "bbb.json", "{}");  // yt-dlp's metadata, not a sound
  }
  void write(const std::string& name, const std::string& content) {
    write_text(root_ / name, content);
  }
  PrepareSolosOptions options() const {
    return {.root = root_, .audio = audio_, .out = folder_.path() / "corpus", .force = true};
  }
  std::string fails_with(const std::string& name, const std::string& content) {
    const std::string before = read_text(root_ / name);
    write(name, content);
    const std::string message = input_error([&] { prepare_solos(options()); });
    write(name, before);
    return message;
  }
  TempFolder folder_;
  fs::path root_ = folder_.path() / "solos", audio_ = folder_.path() / "sounds";
};

TEST_F(Solos, ARawMapGivesEachVideoItsRows) {
  const PrepareReport report = prepare_solos(options());
  EXPECT_EQ(report.train_tracks, 1);
  EXPECT_EQ(report.test_tracks, 1);
  EXPECT_CONTAINS(describe(report), "1 video without sound");
  EXPECT_CONTAINS(describe(report), "1 video outside the array's rows 0 to 330 (ddd)");
  const Corpus corpus = Corpus::open(options().out);
  for (const Track& track : corpus.tracks()) {
    EXPECT_EQ(track.pose_frames, 110);
    EXPECT_EQ(corpus.read_pose(track).joint(0, 0)[0], track.id == "aaa" ? 1 : 221);
  }
}

// 6 million rows, 3.4 GB, mostly a hole in the file: reading it whole would take as much memory.
TEST_F(Solos, ATrueNpyOfFullLengthIsReadByRows) {
  constexpr std::int64_t kRows = 5976615, kFirst = 5'900'000;
  const fs::path path = folder_.path() / "full.npy";
  {
    std::string header =
        text("{'descr': '<f4', 'fortran_order': False, 'shape': (", kRows, ", 3, 47), }");
    header.append(63 - (10 + header.size()) % 64, ' ');
    header += '\n';
    std::ofstream file(path, std::ios::binary);
    file << "\x93NUMPY" << '\x01' << '\0' << static_cast<char>(header.size()) << '\0' << header;
    file.seekp(static_cast<std::streamoff>(10 + header.size()) + kFirst * 564);
    const std::string rows = read_text(root_ / "skeleton.npy");
    file.write(rows.data(), static_cast<std::streamsize>(rows.size()));
  }
  std::error_code error;
  fs::resize_file(path, 10 + 118 + static_cast<std::uintmax_t>(kRows) * 564, error);
  if (error) GTEST_SKIP() << "no file of 3.4 GB here: " << error.message();
  write("skeleton_dict.json", text("{\"aaa\": [", kFirst, ", ", kFirst + 110, "], \"-cc\": [",
                                   kFirst + 220, ", ", kFirst + 330, "]}"));
  PrepareSolosOptions full = options();
  full.skeleton = path;
  prepare_solos(full);
  const Corpus corpus = Corpus::open(full.out);
  ASSERT_EQ(corpus.tracks().size(), 2U);
  for (const Track& track : corpus.tracks()) {
    EXPECT_EQ(corpus.read_pose(track).joint(0, 0)[0], track.id == "aaa" ? 1 : 221);
  }
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) {
      EXPECT_LT(std::stol(line.substr(6)), 2'000'000) << line;  // kB
    }
  }
}

TEST_F(Solos, OnlyTheVideosThatWereAskedFor) {
  PrepareSolosOptions one = options();
  one.videos = {"-cc", "-cc"};
  EXPECT_EQ(prepare_solos(one).train_tracks, 1);
  one.videos = {"_counter"};
  EXPECT_CONTAINS(input_error([&] { prepare_solos(one); }), "'_counter'");
  one.videos = {"bbb"};
  EXPECT_CONTAINS(input_error([&] { prepare_solos(one); }), "without sound");
}

TEST_F(Solos, BadFilesAreInputErrors) {
  EXPECT_CONTAINS(fails_with("solos_ids.json", "[1, 2]"), "JSON object");
  EXPECT_CONTAINS(fails_with("solos_ids.json", "{\"Violin\": [\"../x\"]}"), "video ids");
  EXPECT_CONTAINS(fails_with("solos_ids.json", "{\"Violin\": {}}"), "list of video ids");
  EXPECT_CONTAINS(fails_with("solos_ids.json", "{"), "well-formed");
  EXPECT_CONTAINS(fails_with("solos_ids.json", std::string(100000, '[')), "");
  EXPECT_CONTAINS(fails_with("skeleton_dict.json", R"({"aaa": [5, 2]})"), "for aaa");
  EXPECT_CONTAINS(fails_with("skeleton_dict.json", R"({"aaa": [0, 99999999999999999999]})"), "aaa");
  EXPECT_CONTAINS(fails_with("skeleton_dict.json", R"({"aaa": [0, 9], "_counter": 3})"),
                  "_counter");
  EXPECT_CONTAINS(fails_with("skeleton_dict.json", R"({"_counter": -1})"), "number of rows");
  EXPECT_CONTAINS(fails_with("solos_timestamps.json", R"({"Violin": {"aaa": 3}})"), "for aaa");
  EXPECT_CONTAINS(fails_with("solos_timestamps.json", R"({"Violin": [1]})"), "under Violin");
  EXPECT_CONTAINS(fails_with("skeleton.npy", "short"), "multiple of 564 bytes");
  fs::remove(root_ / "skeleton.npy");
  EXPECT_CONTAINS(input_error([&] { prepare_solos(options()); }), "'skeleton'");
}

}  // namespace
}  // namespace minet::corpus
