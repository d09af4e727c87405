// Held notes: exact cases, and sounds with known notes.
#include "evaluation/held_notes.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "minet/core/random.hpp"

namespace minet::evaluation {
namespace {

constexpr double kTwoPi = 2 * std::numbers::pi;

// Notes end to end, each `semitones` above A3 for `seconds`, with a vibrato of +- `cents`.
audio::Sound play(const std::vector<std::pair<double, double>>& notes, double cents = 0) {
  audio::Sound sound{.sample_rate = 16000, .samples = {}};
  double phase = 0;
  for (const auto& [semitones, seconds] : notes) {
    const auto count = static_cast<std::size_t>(seconds * 16000);
    for (std::size_t i = 0; i < count; ++i) {
      const double t = static_cast<double>(i) / 16000;
      const double vibrato = cents / 100 * std::sin(kTwoPi * 5.5 * t);
      phase += kTwoPi * 220 * std::exp2((semitones + vibrato) / 12) / 16000;
      double value = 0;
      for (int k = 1; k <= 4; ++k) value += std::sin(k * phase) / k;
      sound.samples.push_back(static_cast<float>(0.2 * value));
    }
  }
  return sound;
}

std::vector<double> held(const audio::Sound& sound) {
  return held_notes(audio::track_pitch(sound));
}

TEST(HeldNotes, EndWhereThePitchLeavesTheNoteOrThereIsNone) {
  audio::PitchTrack pitch{.hop_s = 0.016, .hz = {}, .voicing = {}};
  const auto add = [&](int frames, double hz) { pitch.hz.resize(pitch.hz.size() + frames, hz); };
  add(2, 0), add(10, 440), add(5, 466.2), add(3, 0), add(20, 466.2), add(3, 700), add(30, 220);
  const std::vector<double> lengths = held_notes(pitch);
  ASSERT_EQ(lengths.size(), 4u);  // the three frames at 700 Hz are too short
  EXPECT_NEAR(lengths[0], 0.160, 1e-9);
  EXPECT_NEAR(lengths[1], 0.080, 1e-9);
  EXPECT_NEAR(lengths[2], 0.320, 1e-9);
  EXPECT_NEAR(lengths[3], 0.480, 1e-9);
}

TEST(HeldNotes, OfASoundAreItsNotes) {
  const std::vector<double> lengths = held(play({{0, 0.5}, {1, 0.3}, {5, 1.0}, {3, 0.4}}));
  ASSERT_EQ(lengths.size(), 4u);
  EXPECT_NEAR(lengths[0], 0.5, 0.05);
  EXPECT_NEAR(lengths[1], 0.3, 0.05);
  EXPECT_NEAR(lengths[2], 1.0, 0.05);
  EXPECT_NEAR(lengths[3], 0.4, 0.05);
}

TEST(HeldNotes, AreNotEndedByVibrato) {
  const std::vector<double> lengths = held(play({{0, 1.5}, {7, 1.5}}, 40));
  ASSERT_EQ(lengths.size(), 2u);
  EXPECT_NEAR(lengths[0], 1.5, 0.06);
}

TEST(HeldNotes, ADroneIsOneAndAGlideIsMany) {
  EXPECT_EQ(held(play({{0, 6}})).size(), 1u);
  std::vector<std::pair<double, double>> glide;  // two octaves in 2 s
  for (int i = 0; i < 240; ++i) glide.emplace_back(0.1 * i, 2.0 / 240);
  EXPECT_LT(summarise_held(held(play(glide))).longest_s, 0.3);
}

TEST(HeldNotes, OfSilenceAndNoiseAreNoneOrShort) {
  audio::Sound sound{.sample_rate = 16000, .samples = std::vector<float>(48000)};
  EXPECT_TRUE(held(sound).empty());
  Random random(1);
  for (float& sample : sound.samples) sample = static_cast<float>(0.1 * random.normal());
  EXPECT_LT(summarise_held(held(sound)).longest_s, 0.3);
}

TEST(HeldNotes, AreSummarisedByLengthsThatOccur) {
  const HeldNotes summary = summarise_held({3, 1, 2, 5, 4, 10, 9, 8, 7, 6});
  EXPECT_EQ(summary.count, 10);
  EXPECT_EQ(summary.median_s, 5);
  EXPECT_EQ(summary.p90_s, 9);
  EXPECT_EQ(summary.longest_s, 10);
  EXPECT_EQ(summarise_held({}).count, 0);
}

}  // namespace
}  // namespace minet::evaluation
