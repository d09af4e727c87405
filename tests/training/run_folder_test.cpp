// The order of the clips and the run folder.
#include "minet/training/run_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <set>

#include "minet/core/errors.hpp"
#include "minet/training/clips.hpp"

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

TEST_F(RunFolderTest, StagesHaveTheirNames) {
  for (const Stage stage : {Stage::all, Stage::vqvae, Stage::prior}) {
    EXPECT_EQ(parse_stage(to_string(stage)), stage);
  }
  for (const std::string bad : {"", "VQVAE", "both", "prior ", "\x1b[31m"}) {
    try {
      parse_stage(bad);
      ADD_FAILURE() << bad << " was taken";
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find("--stage"), std::string::npos);
      EXPECT_EQ(std::string(error.what()).find('\x1b'), std::string::npos);
    }
  }
}

TEST_F(RunFolderTest, LinesThatAreNoMetricsAreDropped) {
  const fs::path path = folder_ / "metrics.jsonl";
  std::ofstream(path) << "[1,2]\nnull\n{\"stage\":\"vqvae\"}\n{\"step\":1}\nnot json\n\n"
                      << R"({"stage":"vqvae","step":3,"loss":null})" << '\n';
  truncate_metrics(path, Stage::vqvae, 3);
  EXPECT_EQ(read_file(path, 1000), "{\"stage\":\"vqvae\",\"step\":3,\"loss\":null}\n");
  truncate_metrics(folder_ / "none.jsonl", Stage::prior, 3);
  EXPECT_FALSE(fs::exists(folder_ / "none.jsonl"));
}

TEST_F(RunFolderTest, MetricsAreAppendedToWhatIsThere) {
  const fs::path path = folder_ / "metrics.jsonl";
  MetricsLog(path).append("{\"a\":1}");
  MetricsLog(path).append("{\"b\":2}");
  EXPECT_EQ(read_file(path, 1000), "{\"a\":1}\n{\"b\":2}\n");
  MetricsLog nowhere(folder_ / "no" / "metrics.jsonl");  // a full disk must not stop a run either
  EXPECT_NO_THROW(nowhere.append("{}"));
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
