#include "minet/clips/clip_order.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

#include "minet/core/errors.hpp"
#include "support/input_error.hpp"

namespace minet::clips {
namespace {

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
      const Clip clip = order.batch(epoch * 15 + i, 1).front();
      ++of_track[static_cast<std::size_t>(clip.track)];
      EXPECT_GE(clip.first_frame, 0);
      EXPECT_LE(clip.first_frame + 10, clip.track == 0 ? 100 : 57);
    }
    EXPECT_EQ(of_track, (std::vector<int>{10, 5}));
  }
}

TEST(ClipsOfOthers, AreOfAnotherTrackWhateverTheNumberOfTracks) {
  for (std::int64_t tracks = 2; tracks < 20; ++tracks) {
    const std::vector<std::int64_t> frames(static_cast<std::size_t>(tracks), 100);
    const std::vector<Clip> clips = even_clips(frames, 10, 16);
    const std::vector<std::size_t> others = clips_of_others(clips);
    ASSERT_EQ(others.size(), clips.size());
    for (std::size_t i = 0; i < clips.size(); ++i) {
      EXPECT_NE(clips[others[i]].track, clips[i].track) << tracks;
    }
  }
  EXPECT_TRUE(clips_of_others(even_clips({100}, 10, 16)).empty());
  EXPECT_TRUE(clips_of_others({}).empty());
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
  for (int i = 0; i < 8; ++i) {
    const Clip &clip = batch[static_cast<std::size_t>(i)], alone = order.batch(24 + i, 1).front();
    EXPECT_EQ(clip.first_frame, alone.first_frame);
    EXPECT_EQ(clip.track, alone.track);
  }
}

TEST(ClipOrderTest, SilentPlacesAreAvoided) {
  const ClipOrder order(energies(), 10, -60, 1);
  int silent = 0, seen = 0;
  for (int i = 0; i < 600; ++i) {
    const Clip clip = order.batch(i, 1).front();
    if (clip.track != 0) continue;
    ++seen;
    silent += clip.first_frame + 10 <= 50 ? 1 : 0;
  }
  EXPECT_LT(silent, seen / 20);  // 45 % of the places are silent; eight tries leave under 1 %
}

TEST(ClipOrderTest, TracksShorterThanAClipAreRefused) {
  const std::string message =
      input_error([] { ClipOrder({std::vector<float>(9, 1.0f)}, 10, -60, 1); });
  EXPECT_NE(message.find("tracks of at least one clip (10 frames)"), std::string::npos) << message;
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

TEST(EvenClipsTest, FewerThanTracksAreNotOfTheFirstOnesOnly) {
  std::set<std::int64_t> tracks;
  std::int64_t first_half = 0;
  for (const Clip& clip : even_clips(std::vector<std::int64_t>(400, 100), 10, 100)) {
    tracks.insert(clip.track);
    first_half += clip.track < 200 ? 1 : 0;
    EXPECT_EQ(clip.first_frame, 45);  // in the middle
  }
  EXPECT_EQ(tracks.size(), 100u);
  EXPECT_NEAR(static_cast<double>(first_half), 50, 15);  // three standard deviations
  EXPECT_TRUE(even_clips({100, 100}, 10, 0).empty());
}

}  // namespace
}  // namespace minet::clips
