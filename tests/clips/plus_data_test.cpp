#include "minet/clips/plus_data.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <type_traits>

#include "minet/clips/track_store.hpp"
#include "minet/corpus/corpus.hpp"
#include "support/small_corpus.hpp"
#include "support/temp_folder.hpp"

namespace minet::clips {
namespace {

// A TrackStore reads from the corpus later: TrackStore(Corpus::open(path), ...) would not live.
static_assert(
    std::is_constructible_v<TrackStore, corpus::Corpus&, const char*, const config::TrainConfig&>);
static_assert(
    !std::is_constructible_v<TrackStore, corpus::Corpus, const char*, const config::TrainConfig&>);

config::TrainConfig small() {
  config::TrainConfig config;
  config.model.kind = config::ModelKind::plus;
  config.plus.sound_frames = 40;
  return config;
}

// A corpus of decaying tones; clips of its first track.
class PlusDataTest : public ::testing::Test {
 protected:
  PlusData data(bool notes) {
    const auto path = make_corpus(folder / (notes ? "with" : "without"), {.notes = notes});
    return {corpus::Corpus::open(path), "train", small(), {}, at::kCPU, 1};
  }
  static models::SynthesiserBatch seen(const PlusData& data, ControlsSeen how) {
    return data.sounds({{.track = 0, .first_frame = 11}}, {20}, {how});
  }
  const TempFolder folder;
};

// Distance of each pitch from the nearest whole semitone.
double off_semitones(const at::Tensor& hz) {
  const at::Tensor midi = 69 + 12 * (hz / 440).log2();
  return (midi - midi.round()).abs().max().item<double>();
}

TEST_F(PlusDataTest, DrawnControlsAreWholeSemitonesAndStepsOfLoudness) {
  const PlusData tracks = data(true);
  const auto measured = seen(tracks, ControlsSeen::measured);
  EXPECT_GT(off_semitones(measured.input.hz), 1e-4);
  for (const auto how : {ControlsSeen::drawn, ControlsSeen::drawn_with_notes}) {
    const auto drawn = seen(tracks, how);
    EXPECT_LT(off_semitones(drawn.input.hz), 1e-4);
    // Frame 31 is a token's second: halfway between two levels, whose middles are odd dB.
    const at::Tensor of_tokens = drawn.input.loudness.slice(1, 1, 41, models::kFramesOfToken);
    EXPECT_TRUE(at::equal(of_tokens.remainder(2), at::ones_like(of_tokens)));
    EXPECT_LT((drawn.input.loudness - measured.input.loudness).abs().mean().item<double>(), 2);
    // The target is the same.
    EXPECT_TRUE(at::equal(drawn.hz, measured.input.hz));
    EXPECT_TRUE(at::equal(drawn.sound, measured.sound));
  }
}

TEST_F(PlusDataTest, DrawnPitchIsThatOfTheNotesOrWhereThereAreNoneThatWasHeard) {
  const PlusData with = data(true);
  const auto heard = seen(with, ControlsSeen::drawn);
  const auto asked = seen(with, ControlsSeen::drawn_with_notes);
  EXPECT_FALSE(at::equal(heard.input.hz, asked.input.hz));  // a note begins before it is heard
  EXPECT_GT((heard.input.hz == asked.input.hz).to(at::kFloat).mean().item<double>(), 0.7);

  const PlusData without = data(false);
  EXPECT_TRUE(at::equal(seen(without, ControlsSeen::drawn).input.hz,
                        seen(without, ControlsSeen::drawn_with_notes).input.hz));
}

TEST_F(PlusDataTest, EachClipIsSeenInItsOwnWay) {
  const PlusData tracks = data(true);
  const Clip clip{.track = 1, .first_frame = 6};
  const auto together =
      tracks.sounds({clip, clip}, {8, 8}, {ControlsSeen::drawn, ControlsSeen::measured});
  const auto plain = tracks.sounds({clip}, {8});
  const auto drawn = tracks.sounds({clip}, {8}, {ControlsSeen::drawn});
  EXPECT_TRUE(at::equal(together.input.hz[0], drawn.input.hz[0]));
  EXPECT_TRUE(at::equal(together.input.loudness[0], drawn.input.loudness[0]));
  EXPECT_TRUE(at::equal(together.input.hz[1], plain.input.hz[0]));
  EXPECT_TRUE(at::equal(together.input.voiced[1], plain.input.voiced[0]));
}

}  // namespace
}  // namespace minet::clips
