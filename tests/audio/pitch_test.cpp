// The pitch tracker on synthetic sounds, whose pitch is known exactly, and on real recordings.
// benchmarks/peers/pitch.py compares it with librosa's pYIN on many more.
#include "minet/audio/pitch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numbers>
#include <string>
#include <vector>

#include "audio/helpers.hpp"
#include "minet/core/errors.hpp"

namespace minet::audio {
namespace {

constexpr int kRate = 16000;

double cents(double hz, double of) {
  return 1200 * std::log2(hz / of);
}

// Partials with these weights on a fundamental of hz(seconds).
Sound play(double seconds, const std::function<double(double)>& hz,
           const std::vector<double>& weights) {
  Sound sound{.sample_rate = kRate, .samples = {}};
  double phase = 0;
  for (int i = 0; i < static_cast<int>(seconds * kRate); ++i) {
    phase += 2 * std::numbers::pi * hz(static_cast<double>(i) / kRate) / kRate;
    double value = 0;
    for (std::size_t k = 0; k < weights.size(); ++k) {
      value += weights[k] * std::sin(static_cast<double>(k + 1) * phase);
    }
    sound.samples.push_back(static_cast<float>(0.1 * value));
  }
  return sound;
}

struct Judgement {
  int frames = 0, voiced = 0;
  double worst_cents = 0, mean_cents = 0;  // of the voiced frames
};

// Without the first and last 100 ms, where the windows extend beyond the sound.
Judgement judge(const Sound& sound, const std::function<double(double)>& hz,
                const PitchOptions& options = {}) {
  const PitchTrack track = track_pitch(sound, options);
  Judgement found;
  for (std::size_t t = 0; t < track.hz.size(); ++t) {
    const double time = static_cast<double>(t) * track.hop_s;
    if (time < 0.1 || time > sound.seconds() - 0.1) continue;
    ++found.frames;
    if (track.hz[t] == 0) continue;
    ++found.voiced;
    const double off = std::abs(cents(track.hz[t], hz(time)));
    found.worst_cents = std::max(found.worst_cents, off);
    found.mean_cents += off;
  }
  found.mean_cents /= std::max(1, found.voiced);
  return found;
}

const std::vector<double> kSine{1};
const std::vector<double> kBright{1, 0.7, 0.5, 0.35, 0.25, 0.18, 0.12, 0.08};

TEST(Pitch, IsRightToFiveCentsForTonesOverTheWholeRange) {
  for (double hz = 33; hz < 2050; hz *= 1.0931) {
    for (const auto& weights : {kSine, hz < 900 ? kBright : kSine}) {
      const auto steady = [&](double) { return hz; };
      const Judgement found = judge(play(0.5, steady, weights), steady);
      EXPECT_EQ(found.voiced, found.frames) << hz;
      EXPECT_LT(found.worst_cents, 5) << hz;
    }
  }
}

TEST(Pitch, FollowsAGlideOfThreeOctaves) {
  const auto glide = [](double t) { return 110 * std::pow(2, 3 * t / 2); };
  const Judgement found = judge(play(2, glide, kBright), glide);
  EXPECT_EQ(found.voiced, found.frames);
  EXPECT_LT(found.worst_cents, 20);
}

TEST(Pitch, FollowsAVibrato) {
  const auto vibrato = [](double t) {
    return 440 * std::pow(2, 0.5 / 12 * std::sin(2 * std::numbers::pi * 6 * t));
  };
  const Judgement found = judge(play(2, vibrato, kBright), vibrato);
  EXPECT_EQ(found.voiced, found.frames);
  EXPECT_LT(found.worst_cents, 15);
}

TEST(Pitch, HearsAFundamentalThatIsMissing) {
  for (const double hz : {55.0, 120.0, 300.0}) {
    const auto steady = [&](double) { return hz; };
    const Judgement found = judge(play(0.6, steady, {0, 0, 1, 0.9, 0.8}), steady);
    EXPECT_EQ(found.voiced, found.frames) << hz;
    EXPECT_LT(found.worst_cents, 8) << hz;
  }
}

TEST(Pitch, KeepsTheOctaveOfToneColoursThatSuggestAnother) {
  const std::vector<std::vector<double>> colours{
      {0.3, 1, 0.15, 0.6},            // a fundamental 10 dB under its octave
      {1, 0, 0.5, 0, 0.3, 0, 0.2},    // odd partials, as a clarinet's
      {1, 0.01},                      // nearly a sine
      {0.3, 0.3, 0.3, 1, 0.3, 0.2}};  // a formant two octaves up
  for (const auto& weights : colours) {
    for (const double hz : {62.0, 147.0, 330.0, 587.0}) {
      const auto steady = [&](double) { return hz; };
      const Judgement found = judge(play(0.6, steady, weights), steady);
      EXPECT_EQ(found.voiced, found.frames) << hz;
      EXPECT_LT(found.worst_cents, 20) << hz << " with " << weights[0] << ", " << weights[1];
    }
  }
}

TEST(Pitch, OfAStepMovesWithinTwoFrames) {
  const auto step = [](double t) { return t < 0.5 ? 196.0 : 293.66; };
  const PitchTrack track = track_pitch(play(1, step, kBright));
  for (std::size_t t = 7; t < 55; ++t) {
    const double time = static_cast<double>(t) * track.hop_s;
    if (std::abs(time - 0.5) < 2.5 * track.hop_s) continue;
    EXPECT_LT(std::abs(cents(track.hz[t], step(time))), 10) << time;
  }
}

TEST(Pitch, OfWhiteNoiseAndOfSilenceIsNone) {
  const PitchTrack of_noise = track_pitch({.sample_rate = kRate, .samples = testing::noise(32000)});
  EXPECT_EQ(std::count(of_noise.hz.begin(), of_noise.hz.end(), 0.0F), 126);
  EXPECT_EQ(of_noise.hz.size(), 126U);
  const PitchTrack of_silence =
      track_pitch({.sample_rate = kRate, .samples = std::vector<float>(16000)});
  EXPECT_EQ(std::count(of_silence.hz.begin(), of_silence.hz.end(), 0.0F), 63);
  EXPECT_EQ(*std::max_element(of_silence.voicing.begin(), of_silence.voicing.end()), 0.0F);
}

TEST(Pitch, IsHeardUnderNoiseTenDecibelsBelow) {
  const auto steady = [](double) { return 233.08; };
  Sound sound = play(1, steady, kBright);
  double power = 0;
  for (const float x : sound.samples) power += static_cast<double>(x) * x;
  // The noise is uniform in [-1, 1]: its power is 1/3.
  const double gain = std::sqrt(0.1 * 3 * power / static_cast<double>(sound.samples.size()));
  const std::vector<float> noise = testing::noise(sound.samples.size());
  for (std::size_t i = 0; i < noise.size(); ++i) {
    sound.samples[i] += static_cast<float>(gain) * noise[i];
  }
  const Judgement found = judge(sound, steady);
  EXPECT_GT(found.voiced, 0.95 * found.frames);
  EXPECT_LT(found.worst_cents, 30);
}

TEST(Pitch, DoesNotDependOnLevelOrOnAConstant) {
  const auto steady = [](double) { return 98.0; };
  Sound sound = play(0.5, steady, kBright);
  for (float& x : sound.samples) x = 0.01F * x + 0.3F;
  const Judgement found = judge(sound, steady);
  EXPECT_EQ(found.voiced, found.frames);
  EXPECT_LT(found.worst_cents, 5);
}

TEST(Pitch, OfShortAndEmptySoundsHasAsManyFramesAsTheirSpectrogram) {
  for (const std::size_t samples : {0U, 1U, 255U, 256U, 1000U}) {
    const PitchTrack track =
        track_pitch({.sample_rate = kRate, .samples = std::vector<float>(samples, 0.1F)});
    EXPECT_EQ(track.hz.size(), samples / 256 + 1);
  }
}

TEST(Pitch, RefusesARangeThatItCannotHear) {
  const Sound sound{.sample_rate = kRate, .samples = std::vector<float>(1000)};
  EXPECT_THROW(track_pitch(sound, {.lowest_hz = 5}), InputError);
  EXPECT_THROW(track_pitch(sound, {.highest_hz = 5000}), InputError);
  EXPECT_THROW(track_pitch(sound, {.lowest_hz = 400, .highest_hz = 500}), InputError);
  EXPECT_THROW(track_pitch(sound, {.hop = 0}), InputError);
  EXPECT_THROW(track_pitch(sound, {.leap = 0}), InputError);
}

struct RealNote {
  const char* file;
  double hz;
};

TEST(Pitch, OfRealRecordingsIsTheNoteOfTheirName) {
  for (const auto& [file, hz] :
       {RealNote{"tinysol/Cb-ord-A2-mf-2c-N.wav", 110.0}, RealNote{"sms-tools/oboe-A4.wav", 440.0},
        RealNote{"sms-tools/trumpet-A4.wav", 440.0}}) {
    const auto path = testing::shared_data() / "audio" / file;
    if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
    const PitchTrack track = track_pitch(read_sound(path));
    int voiced = 0, right = 0;
    for (const float found : track.hz) {
      if (found == 0) continue;
      ++voiced;
      if (std::abs(cents(found, hz)) < 50) ++right;
    }
    EXPECT_GT(voiced, 60) << file;
    EXPECT_GT(right, 0.95 * voiced) << file;
  }
}

}  // namespace
}  // namespace minet::audio
