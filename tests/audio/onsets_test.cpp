#include "minet/audio/onsets.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "audio/helpers.hpp"
#include "minet/core/errors.hpp"
#include "support/input_error.hpp"

namespace minet::audio {
namespace {

// Consecutive tones of half a second each; each starts with a fast attack, or is slurred from the
// previous one without any change of level.
Sound tones(const std::vector<double>& hertz, bool bound) {
  Sound sound{.sample_rate = 16000, .samples = std::vector<float>(4000)};
  double phase = 0;
  for (const double hz : hertz) {
    for (int i = 0; i < 8000; ++i) {
      phase += 2 * std::numbers::pi * hz / 16000;
      double value = 0;
      for (int k = 1; k <= 5; ++k) value += std::sin(k * phase) / k;
      const double level = bound ? 1 : std::min(1.0, i / 160.0) * std::exp(-i / 4000.0);
      sound.samples.push_back(static_cast<float>(0.2 * level * value));
    }
  }
  // Faded out, because a sound that is cut off ends with a click.
  for (std::size_t i = 0; i < 800; ++i) {
    sound.samples[sound.samples.size() - 1 - i] *= static_cast<float>(i) / 800;
  }
  return sound;
}

void expect_onsets(const std::vector<double>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 0.04);
}

TEST(Onsets, OfStruckTonesAreWhereTheyBegin) {
  const Sound sound = tones({220, 220, 330, 247}, false);
  expect_onsets(find_onsets(sound, {}), {0.25, 0.75, 1.25, 1.75});
  expect_onsets(find_onsets(sound, track_pitch(sound)), {0.25, 0.75, 1.25, 1.75});
}

TEST(Onsets, OfBoundTonesAreWhereThePitchSteps) {
  const Sound sound = tones({220, 247, 208, 220}, true);
  expect_onsets(find_onsets(sound, track_pitch(sound)), {0.25, 0.75, 1.25, 1.75});
}

TEST(Onsets, ByPitchAreNoCloserThanTheShortestTime) {
  // A pitch track that leaps every 3 frames (48 ms), as between octaves in a rough sound.
  PitchTrack pitch{.hop_s = 0.016, .hz = {}, .voicing = {}};
  for (int t = 0; t < 100; ++t) pitch.hz.push_back(t / 3 % 2 == 0 ? 220.0F : 440.0F);
  const Sound silence{.sample_rate = 16000, .samples = std::vector<float>(25600)};
  for (const double shortest : {0.06, 0.2}) {
    const std::vector<double> onsets = find_onsets(silence, pitch, {.shortest_s = shortest});
    ASSERT_GT(onsets.size(), 4u);
    for (std::size_t i = 1; i < onsets.size(); ++i) {
      EXPECT_GE(onsets[i] - onsets[i - 1], shortest);
    }
  }
}

TEST(Onsets, AreNotMadeByAVibrato) {
  Sound sound{.sample_rate = 16000, .samples = {}};
  double phase = 0;
  for (int i = 0; i < 48000; ++i) {
    const double bend = 0.4 / 12 * std::sin(2 * std::numbers::pi * 6 * i / 16000);
    phase += 2 * std::numbers::pi * 440 * std::pow(2, bend) / 16000;
    const double swell = std::min({1.0, i / 1600.0, (48000 - i) / 1600.0});
    sound.samples.push_back(
        static_cast<float>(0.2 * swell * (std::sin(phase) + 0.5 * std::sin(2 * phase))));
  }
  for (const double onset : find_onsets(sound, track_pitch(sound))) EXPECT_LT(onset, 0.1);
}

TEST(Onsets, OfSilenceAndOfNothingAreNone) {
  EXPECT_TRUE(
      find_onsets({.sample_rate = 16000, .samples = std::vector<float>(32000)}, {}).empty());
  EXPECT_TRUE(find_onsets({}, {}).empty());
}

TEST(Onsets, RefuseAThresholdOfNothing) {
  const std::string message = input_error([] { find_onsets({}, {}, {.threshold = 0}); });
  EXPECT_NE(message.find("threshold"), std::string::npos) << message;
}

}  // namespace
}  // namespace minet::audio
