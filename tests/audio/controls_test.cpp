// Pitch, loudness and onsets of a sound, on which plus is trained.
#include "minet/audio/controls.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "minet/audio/pitch.hpp"

namespace minet::audio {
namespace {

Sound tone(double hz, double amplitude, double seconds) {
  Sound sound{.sample_rate = 16000, .samples = {}};
  const auto count = static_cast<std::size_t>(seconds * 16000);
  for (std::size_t i = 0; i < count; ++i) {
    sound.samples.push_back(static_cast<float>(
        amplitude * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / 16000)));
  }
  return sound;
}

TEST(Controls, LoudnessIsAWeightedDecibelsOfFullScale) {
  const auto middle = [](double hz) {
    const Controls controls = find_controls(tone(hz, 0.5, 1), 256);
    return static_cast<double>(controls.loudness[30]);
  };
  const double rms_db = 20 * std::log10(0.5 / std::sqrt(2.0));
  EXPECT_NEAR(middle(1000), rms_db, 0.05);
  EXPECT_NEAR(middle(100), rms_db - 19.1, 0.5);  // the table of IEC 61672-1; leakage aside
  EXPECT_NEAR(middle(500), rms_db - 3.2, 0.1);
}

TEST(Controls, FramesAreWholeAndSilenceHasNoPitch) {
  Sound sound = tone(440, 0.3, 0.5);
  sound.samples.resize(sound.samples.size() + 8000 + 100);  // silence, and less than a frame
  const Controls controls = find_controls(sound, 256);
  ASSERT_EQ(controls.hz.size(), sound.samples.size() / 256);
  ASSERT_EQ(controls.loudness.size(), controls.hz.size());
  EXPECT_NEAR(controls.hz[15], 440, 1);
  EXPECT_EQ(controls.hz[50], 0);
  EXPECT_EQ(controls.loudness[50], kLeastLoudness);
}

TEST(Controls, AreFoundAtEverySampleRate) {
  for (const int rate : {4000, 8000, 44100}) {
    Sound sound = tone(440.0 * 16000 / rate, 0.5, 1);  // 440 Hz when played at `rate`
    sound.sample_rate = rate;
    const Controls controls = find_controls(sound, 256);
    EXPECT_NEAR(controls.hz[30], 440, 1) << rate;
  }
}

TEST(Controls, PitchIsHeldThroughUnvoicedFrames) {
  std::vector<float> held = {0, 0, 5, 0, 6, 0}, never = {0, 0};
  hold_pitch(held);
  EXPECT_EQ(held, (std::vector<float>{5, 5, 5, 5, 6, 6}));
  hold_pitch(never);
  EXPECT_GT(never[0], 0);
}

}  // namespace
}  // namespace minet::audio
