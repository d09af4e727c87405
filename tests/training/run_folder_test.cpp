// The order of the clips, the run folder's log, and the TensorBoard file.
#include "minet/training/run_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <set>

#include "minet/core/errors.hpp"
#include "minet/training/clips.hpp"
#include "minet/training/event_writer.hpp"

namespace minet::training {
namespace {
namespace fs = std::filesystem;

class RunFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::temp_directory_path() /
              (std::string("minet-training-") + info->name() + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST_F(RunFolderTest, MetricsPastTheRestoredStepGo) {
  const fs::path path = folder_ / "metrics.jsonl";
  std::ofstream(path) << R"({"stage":"vqvae","step":10})" << '\n'
                      << R"({"stage":"vqvae","step":20})" << '\n'
                      << R"({"stage":"prior","step":5})" << '\n'
                      << R"({"stage":"prior","step":15})" << '\n'
                      << R"({"stage":"prior","st)";  // torn by a kill
  truncate_metrics(path, Stage::prior, 10);
  EXPECT_EQ(read_file(path, 1000),
            "{\"stage\":\"vqvae\",\"step\":10}\n{\"stage\":\"vqvae\",\"step\":20}\n{\"stage\":"
            "\"prior\",\"step\":5}\n");
  truncate_metrics(path, Stage::vqvae, 10);
  EXPECT_EQ(read_file(path, 1000), "{\"stage\":\"vqvae\",\"step\":10}\n");
}

TEST_F(RunFolderTest, TwoProcessesCannotShareARun) {
  const RunFolder first(folder_ / "run", false);
  EXPECT_THROW(RunFolder(folder_ / "run", true), InputError);
}

TEST_F(RunFolderTest, EventsAreRecordsWithMaskedChecksums) {
  {
    EventWriter events(folder_, 0);
    events.scalar("loss", 7, 0.5);
  }
  const std::string bytes = read_file(fs::directory_iterator(folder_)->path(), 10000);
  std::size_t at = 0;
  std::vector<std::string> records;
  while (at < bytes.size()) {
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data() + at, 8);
    ASSERT_LE(at + 16 + length, bytes.size());
    records.push_back(bytes.substr(at + 12, length));
    at += 16 + length;
  }
  ASSERT_EQ(records.size(), 2u);
  EXPECT_NE(records[0].find("brain.Event:2"), std::string::npos);
  EXPECT_NE(records[1].find("loss"), std::string::npos);
  // An independent value: the masked CRC-32C of the first record's length, 24 as eight bytes,
  // computed bit by bit here.
  std::uint32_t crc = 0xFFFFFFFFu;
  for (int i = 0; i < 8; ++i) {
    crc ^= static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0x82F63B78u & (0u - (crc & 1u)));
  }
  crc = ~crc;
  const std::uint32_t masked = ((crc >> 15) | (crc << 17)) + 0xA282EAD8u;
  std::uint32_t stored = 0;
  std::memcpy(&stored, bytes.data() + 8, 4);
  EXPECT_EQ(stored, masked);
}

std::vector<std::vector<float>> energies() {
  std::vector<std::vector<float>> tracks{std::vector<float>(100, 1.0f),
                                         std::vector<float>(57, 1.0f)};
  std::fill(tracks[0].begin(), tracks[0].begin() + 50, 0.0f);  // half a track of silence
  return tracks;
}

TEST(ClipOrderTest, AnEpochHoldsEachItemOnceAndClipsLieInsideTheirTracks) {
  const ClipOrder order(energies(), 10, -60, 1);
  ASSERT_EQ(order.clips_per_epoch(), 15);  // 10 of the first track, 5 of the second
  for (int epoch = 0; epoch < 3; ++epoch) {
    std::vector<int> of_track(2);
    for (int i = 0; i < 15; ++i) {
      const Clip clip = order.at(epoch * 15 + i);
      ++of_track[static_cast<std::size_t>(clip.track)];
      EXPECT_GE(clip.first_frame, 0);
      EXPECT_LE(clip.first_frame + 10, clip.track == 0 ? 100 : 57);
    }
    EXPECT_EQ(of_track, (std::vector<int>{10, 5}));
  }
}

TEST(ClipOrderTest, TheOrderIsAFunctionOfSeedPurposeAndPosition) {
  const ClipOrder order(energies(), 10, -60, 1), same(energies(), 10, -60, 1),
      other(energies(), 10, -60, 2);
  const auto starts = [](const ClipOrder& o, const char* purpose) {
    std::vector<std::int64_t> result;
    for (const Clip& clip : o.batch(3, 8, purpose))
      result.push_back(clip.track * 1000 + clip.first_frame);
    return result;
  };
  EXPECT_EQ(starts(order, "train"), starts(same, "train"));
  EXPECT_NE(starts(order, "train"), starts(other, "train"));
  EXPECT_NE(starts(order, "train"), starts(order, "prior"));
  const std::vector<Clip> batch = order.batch(3, 8);  // across an epoch's edge: 24 .. 31
  for (int i = 0; i < 8; ++i)
    EXPECT_EQ(batch[static_cast<std::size_t>(i)].first_frame, order.at(24 + i).first_frame);
}

TEST(ClipOrderTest, SilentPlacesAreAvoided) {
  const ClipOrder order(energies(), 10, -60, 1);
  int silent = 0, seen = 0;
  for (int i = 0; i < 600; ++i) {
    const Clip clip = order.at(i);
    if (clip.track != 0) continue;
    ++seen;
    silent += clip.first_frame + 10 <= 50 ? 1 : 0;
  }
  EXPECT_LT(silent, seen / 20);  // 45 % of the places are silent; eight tries leave under 1 %
}

TEST(ClipOrderTest, TracksShorterThanAClipAreRefused) {
  EXPECT_THROW(ClipOrder({std::vector<float>(9, 1.0f)}, 10, -60, 1), InputError);
}

TEST(EvenClipsTest, SpreadOverTracksWithoutLeavingThem) {
  const std::vector<std::int64_t> frames{100, 5, 57};
  const std::vector<Clip> clips = even_clips(frames, 10, 7);
  ASSERT_EQ(clips.size(), 7u);
  std::set<std::pair<std::int64_t, std::int64_t>> places;
  for (const Clip& clip : clips) {
    EXPECT_NE(clip.track, 1);
    EXPECT_LE(clip.first_frame + 10, frames[static_cast<std::size_t>(clip.track)]);
    places.insert({clip.track, clip.first_frame});
  }
  EXPECT_EQ(places.size(), 7u);
}

}  // namespace
}  // namespace minet::training
