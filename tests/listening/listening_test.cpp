// Parts of a listening test that a listener does not see: matching loudness, fades and catch
// trials. tests/cli/listening_test.py runs the whole test in a browser.
#include "minet/listening/listening.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "listening/listening_pairs.hpp"
#include "minet/audio/loudness.hpp"
#include "minet/core/random.hpp"

namespace minet::listening {
namespace {

audio::Sound sine(double hz, double amplitude) {
  audio::Sound sound{.sample_rate = 16000, .samples = {}};
  for (int i = 0; i < 4 * 16000; ++i) {
    sound.samples.push_back(
        static_cast<float>(amplitude * std::sin(2 * std::numbers::pi * hz * i / 16000)));
  }
  return sound;
}

double peak_of(const audio::Sound& sound) {
  double peak = 0;
  for (const float x : sound.samples) peak = std::max(peak, std::abs(static_cast<double>(x)));
  return peak;
}

TEST(ListeningPairs, AreEquallyLoud) {
  audio::Sound quiet = sine(300, 0.01), loud = sine(1000, 0.9);
  match_loudness(quiet, loud);
  EXPECT_NEAR(audio::loudness(quiet).value(), -23, 0.05);
  EXPECT_NEAR(audio::loudness(loud).value(), -23, 0.05);
}

TEST(ListeningPairs, StayEquallyLoudWherePeaksLeaveNoRoom) {
  audio::Sound clicks = sine(300, 0.001), tone = sine(440, 0.5);
  for (std::size_t i = 0; i < clicks.samples.size(); i += 4000) clicks.samples[i] = 1;
  match_loudness(clicks, tone);
  EXPECT_LT(peak_of(clicks), 0.9801);
  EXPECT_NEAR(audio::loudness(clicks).value(), audio::loudness(tone).value(), 0.05);
  EXPECT_LT(audio::loudness(tone).value(), -24);
}

TEST(ListeningPairs, SilenceIsLeftSilent) {
  audio::Sound silence = sine(300, 0), tone = sine(440, 0.5);
  match_loudness(silence, tone);
  EXPECT_EQ(peak_of(silence), 0);
  EXPECT_NEAR(audio::loudness(tone).value(), -23, 0.05);
}

TEST(ListeningPairs, BeginAndEndInSilence) {
  audio::Sound sound = sine(440, 0.5);
  const audio::Sound before = sound;
  audio::fade_ends(sound, kFade);
  EXPECT_EQ(sound.samples.front(), 0);
  EXPECT_EQ(sound.samples.back(), 0);
  EXPECT_EQ(sound.samples[400], before.samples[400]);
  audio::Sound tiny{.sample_rate = 16000, .samples = {1}};
  audio::fade_ends(tiny, kFade);  // one sample has nothing to fade, and must not be overrun
  EXPECT_EQ(tiny.samples.size(), 1U);
}

TEST(ListeningPairs, TheFalseHalfOfACatchTrialIsNoiseAsLoudAtEveryMoment) {
  audio::Sound sound = sine(440, 0.5);
  for (std::size_t i = 32000; i < sound.samples.size(); ++i) sound.samples[i] *= 0.1F;
  const audio::Sound noise = noise_like(sound, 7);
  const auto level = [](const audio::Sound& of, std::size_t first) {
    double squares = 0;
    for (std::size_t i = first; i < first + 32000; ++i) squares += of.samples[i] * of.samples[i];
    return std::sqrt(squares / 32000);
  };
  EXPECT_NEAR(level(noise, 0) / level(sound, 0), 1, 0.03);
  EXPECT_NEAR(level(noise, 32000) / level(sound, 32000), 1, 0.03);
  double product = 0;
  for (std::size_t i = 0; i < 32000; ++i) product += noise.samples[i] * sound.samples[i];
  EXPECT_LT(std::abs(product) / (32000 * level(noise, 0) * level(sound, 0)), 0.03);
  EXPECT_EQ(noise_like(sound, 7).samples, noise.samples);
  EXPECT_NE(noise_like(sound, 8).samples, noise.samples);
}

}  // namespace
}  // namespace minet::listening
