// Level and gain against values computed by hand.
#include "corpus/level.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "corpus/helpers.hpp"

namespace minet::corpus {
namespace {

constexpr double kSineOverRmsDb = 3.0103;  // the peak of a sine lies this far over its RMS

TEST(Level, OfASineIsItsAmplitudeOverTheRootOfTwo) {
  const Level level = measure_level(tone(5, 440, 0.1).samples);
  EXPECT_NEAR(level.peak, 0.1, 1e-4);
  EXPECT_NEAR(level.active_db, -20 - kSineOverRmsDb, 0.01);
  EXPECT_NEAR(level.loudest_db, -20 - kSineOverRmsDb, 0.02);
  EXPECT_FALSE(level.silent());
}

TEST(Level, RestsDoNotCount) {
  audio::Sound sound = tone(2, 440, 0.1);
  sound.samples.resize(10 * 16000, 0.0f);  // 8 s of rest
  EXPECT_NEAR(measure_level(sound.samples).active_db, -20 - kSineOverRmsDb, 0.01);
}

TEST(Level, WhatLiesFiftyDecibelUnderTheLoudestDoesNotCountAndWhatLiesFortyUnderDoes) {
  audio::Sound sound = tone(1, 440, 0.5);
  const double loud_db = measure_level(sound.samples).active_db;
  for (const auto& [amplitude, counts] : {std::pair{0.5 * 1e-3, false}, {0.5 * 1e-2, true}}) {
    audio::Sound both = sound;
    const audio::Sound soft = tone(1, 440, amplitude);
    both.samples.insert(both.samples.end(), soft.samples.begin(), soft.samples.end());
    // Twice the length at (nearly) the same energy: 3 dB less.
    EXPECT_NEAR(measure_level(both.samples).active_db, counts ? loud_db - kSineOverRmsDb : loud_db,
                0.02)
        << amplitude;
  }
}

TEST(Level, GainBringsASineToTheTarget) {
  audio::Sound sound = tone(5, 440, 0.01);
  const double gain = levelling_gain_db(measure_level(sound.samples));
  EXPECT_NEAR(gain, kTargetLevelDb + 40 + kSineOverRmsDb, 0.02);
  apply_gain(sound.samples, gain);
  EXPECT_NEAR(measure_level(sound.samples).active_db, kTargetLevelDb, 0.02);
}

TEST(Level, GainIsLessWhereThePeakWouldPassItsLimit) {
  audio::Sound sound = tone(5, 440, 0.01);
  sound.samples[4000] = 0.5f;  // a click, 34 dB over the tone
  const double gain = levelling_gain_db(measure_level(sound.samples));
  EXPECT_NEAR(gain, kPeakLimitDb + 20 * std::log10(2.0), 0.02);
  apply_gain(sound.samples, gain);
  EXPECT_LE(measure_level(sound.samples).peak, std::pow(10, kPeakLimitDb / 20) + 1e-6);
}

TEST(Level, ATrackWithoutSoundIsSilent) {
  EXPECT_TRUE(measure_level(std::vector<float>(16000)).silent());
  EXPECT_TRUE(measure_level(tone(4, 440, 1e-4).samples).silent());   // -83 dBFS
  EXPECT_FALSE(measure_level(tone(4, 440, 1e-3).samples).silent());  // -63 dBFS
  EXPECT_TRUE(measure_level({}).silent());
}

TEST(Level, SilentShareCountsFrames) {
  audio::Sound sound = tone(3);
  sound.samples.resize(4 * 16000, 0.0f);
  EXPECT_DOUBLE_EQ(silent_share(sound.samples, -60), 0.25);
  EXPECT_DOUBLE_EQ(silent_share({}, -60), 1);
}

}  // namespace
}  // namespace minet::corpus
