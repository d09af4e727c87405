#include "minet/audio/chroma.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "audio/helpers.hpp"

namespace minet::audio {
namespace {

TEST(Chroma, OfASineIsItsPitchClassInEveryOctave) {
  for (int midi = 33; midi <= 100; ++midi) {
    const double hz = 440 * std::pow(2, (midi - 69) / 12.0);
    const auto frames = chroma({.sample_rate = 16000, .samples = testing::sine(hz, 16000, 16000)});
    ASSERT_EQ(frames.size(), 63U);
    EXPECT_GT(frames[30][static_cast<std::size_t>(midi % 12)], 0.98F) << midi;
  }
}

TEST(Chroma, OfATwoNoteChordIsBothAlike) {
  Sound sound{.sample_rate = 16000, .samples = testing::sine(261.63, 16000, 16000)};
  const auto fifth = testing::sine(392.0, 16000, 16000);
  for (std::size_t i = 0; i < fifth.size(); ++i) sound.samples[i] += fifth[i];
  const Chroma frame = chroma(sound)[30];
  EXPECT_NEAR(frame[0], 0.5, 0.02);
  EXPECT_NEAR(frame[7], 0.5, 0.02);
}

TEST(Chroma, OfSilenceIsZero) {
  for (const Chroma& frame : chroma({.sample_rate = 16000, .samples = std::vector<float>(4000)})) {
    EXPECT_EQ(*std::max_element(frame.begin(), frame.end()), 0.0F);
  }
}

}  // namespace
}  // namespace minet::audio
