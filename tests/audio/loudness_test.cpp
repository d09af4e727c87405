// Loudness against the sine levels stated in the standard, and against expectations of hearing.
#include "minet/audio/loudness.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace minet::audio {
namespace {

Sound sine(double hz, double amplitude, double seconds, int rate = 48000) {
  Sound sound{.sample_rate = rate, .samples = {}};
  for (int i = 0; i < static_cast<int>(seconds * rate); ++i) {
    sound.samples.push_back(
        static_cast<float>(amplitude * std::sin(2 * std::numbers::pi * hz * i / rate)));
  }
  return sound;
}

TEST(Loudness, AFullSineOf997HertzIsMinus3AsTheStandardSays) {
  EXPECT_NEAR(loudness(sine(997, 1, 4)).value(), -3.01, 0.05);  // BS.1770-4, annex 1
  EXPECT_NEAR(loudness(sine(997, 1, 4, 16000)).value(), -3.01, 0.1);
}

TEST(Loudness, HalfTheAmplitudeIs6Less) {
  EXPECT_NEAR(loudness(sine(440, 0.5, 4)).value() - loudness(sine(440, 0.25, 4)).value(), 6.02,
              0.01);
}

TEST(Loudness, LowTonesCountLess) {
  EXPECT_LT(loudness(sine(40, 0.5, 4)).value(), loudness(sine(1000, 0.5, 4)).value() - 2);
}

TEST(Loudness, SilenceAroundASoundIsGatedOut) {
  Sound sound = sine(440, 0.5, 4);
  const double alone = loudness(sound).value();
  sound.samples.resize(sound.samples.size() * 2);
  EXPECT_NEAR(loudness(sound).value(), alone, 0.3);
}

TEST(Loudness, SilenceAndSnippetsHaveNone) {
  EXPECT_FALSE(loudness(sine(440, 0, 4)).has_value());
  EXPECT_FALSE(loudness(sine(440, 0.5, 0.3)).has_value());
  EXPECT_FALSE(loudness(Sound{}).has_value());
}

}  // namespace
}  // namespace minet::audio
