// Tunes, fingerings, and whether the sound has the pitch of its notes. The pitch is measured from
// the waveform alone, by an implementation of YIN (de Cheveigné and Kawahara 2002) in this file.
#include "orchestra/sound.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <set>

#include "minet/core/random.hpp"
#include "minet/orchestra/orchestra.hpp"
#include "support/temp_folder.hpp"

using namespace minet;
using namespace minet::orchestra;

namespace {

// Hz of `samples` around `centre`; 0 if nothing periodic is found. Every lag from one sample to
// `longest_s` is a candidate, so that octave errors would show.
double yin(const std::vector<float>& samples, std::size_t centre, double longest_s) {
  const auto lags = static_cast<std::size_t>(longest_s * kSampleRate);
  const std::size_t window = std::max<std::size_t>(1600, lags * 3 / 2);
  const std::size_t half = (window + lags) / 2;
  if (centre < half || centre + half + 2 > samples.size()) return 0;
  const float* x = samples.data() + centre - half;
  std::vector<double> difference(lags + 1, 1.0);
  double sum = 0;
  for (std::size_t lag = 1; lag <= lags; ++lag) {
    float d = 0;
    for (std::size_t i = 0; i < window; ++i) d += (x[i] - x[i + lag]) * (x[i] - x[i + lag]);
    sum += d;
    difference[lag] = d * static_cast<double>(lag) / std::max(1e-12, sum);
  }
  std::size_t best = 0;
  for (std::size_t lag = 8; lag < lags; ++lag) {
    if (difference[lag] < 0.15 && difference[lag] <= difference[lag + 1]) {
      best = lag;
      break;
    }
  }
  if (best == 0) {
    best = static_cast<std::size_t>(std::min_element(difference.begin() + 8, difference.end() - 1) -
                                    difference.begin());
  }
  const double a = difference[best - 1], b = difference[best], c = difference[best + 1];
  const double shift = a - 2 * b + c > 1e-12 ? 0.5 * (a - c) / (a - 2 * b + c) : 0;
  return kSampleRate / (static_cast<double>(best) + shift);
}

// Share of about `wanted` notes, spread over the tune, whose sound is within 50 cents.
double share_in_tune(const Tune& tune, const std::vector<float>& samples, std::size_t wanted) {
  std::vector<const TuneNote*> long_enough;
  for (const TuneNote& note : tune.notes) {
    if (note.duration_s > 0.22) long_enough.push_back(&note);
  }
  const std::size_t stride = std::max<std::size_t>(1, long_enough.size() / wanted);
  int right = 0, all = 0;
  for (std::size_t i = 0; i < long_enough.size(); i += stride) {
    const TuneNote& note = *long_enough[i];
    const auto centre =
        static_cast<std::size_t>((note.onset_s + 0.55 * note.duration_s) * kSampleRate);
    const double hz = yin(samples, centre, 2.2 / hz_of(note));
    right += hz > 0 && std::abs(1200 * std::log2(hz / hz_of(note))) < 50;
    ++all;
  }
  return all == 0 ? 0 : static_cast<double>(right) / all;
}

}  // namespace

TEST(Tune, KeepsToRangeScaleAndOneVoice) {
  for (const Instrument& instrument : instruments()) {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      const Tune tune = compose(instrument, 60, seed);
      ASSERT_GT(tune.notes.size(), 60u) << instrument.code;
      std::set<int> pitches, classes;
      double sounding = 0;
      int rests = 0;
      for (std::size_t i = 0; i < tune.notes.size(); ++i) {
        const TuneNote& note = tune.notes[i];
        pitches.insert(note.pitch);
        classes.insert(note.pitch % 12);
        sounding += note.duration_s;
        EXPECT_GE(note.duration_s, 0.09);
        EXPECT_LE(note.duration_s, 1.4);
        EXPECT_GE(note.onset_s, 0);
        EXPECT_LE(note.onset_s + note.duration_s, 60 - 0.25);
        EXPECT_GE(note.velocity, 40);
        EXPECT_LE(note.velocity, 118);
        if (i + 1 == tune.notes.size()) continue;
        const double gap = tune.notes[i + 1].onset_s - (note.onset_s + note.duration_s);
        EXPECT_GE(gap, -1e-9);
        rests += gap > 0.3;
      }
      EXPECT_GE(*pitches.begin(), instrument.low);
      EXPECT_LE(*pitches.rbegin(), instrument.high);
      EXPECT_GE(*pitches.rbegin() - *pitches.begin(), 0.6 * (instrument.high - instrument.low));
      EXPECT_LE(classes.size(), 7u);
      EXPECT_GT(sounding, 30);
      EXPECT_GT(rests, 4);
    }
  }
}

TEST(Fingering, MatchesKnownOnes) {
  const auto of = [](const char* code, int pitch) {
    const auto& all = instruments();
    return fingering(
        *std::find_if(all.begin(), all.end(), [&](const Instrument& i) { return i.code == code; }),
        pitch);
  };
  using Press = std::array<double, kFingers>;
  // Trumpet in B flat, at sounding pitch: B flat open, A with the second valve, B with all three.
  EXPECT_EQ(of("tpt", 58).press, (Press{0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(of("tpt", 57).press, (Press{0, 0, 1, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(of("tpt", 59).press, (Press{0, 1, 1, 1, 0, 0, 0, 0, 0, 0}));
  // Horn in F, valves under the left hand: F open; G is two semitones below A, so valve 1.
  EXPECT_EQ(of("hn", 53).press, Press{});
  EXPECT_EQ(of("hn", 55).press, (Press{0, 0, 0, 0, 0, 0, 1, 0, 0, 0}));
  // Trombone: B flat closed, A in second position, the low B in seventh.
  EXPECT_EQ(of("tbn", 58).slide, 0);
  EXPECT_EQ(of("tbn", 57).slide, 1);
  EXPECT_EQ(of("tbn", 47).slide, 6);
  // Violin: open A; B with the first finger; the octave on the E string cuts off half of it.
  EXPECT_EQ(of("vn", 69).press, Press{});
  EXPECT_EQ(of("vn", 69).string, 2);
  EXPECT_EQ(of("vn", 71).press, (Press{0, 0, 0, 0, 0, 0, 1, 0, 0, 0}));
  EXPECT_NEAR(of("vn", 88).stop, 0.5, 1e-9);
  // Flute: six fingers for D, three for G, the same an octave higher.
  EXPECT_EQ(of("fl", 62).press, (Press{0, 1, 1, 1, 0, 0, 1, 1, 1, 0}));
  EXPECT_EQ(of("fl", 67).press, (Press{0, 0, 0, 0, 0, 0, 1, 1, 1, 0}));
  EXPECT_EQ(of("fl", 79).press, of("fl", 67).press);
  EXPECT_GT(of("ob", 79).press[5], of("ob", 67).press[5]);
  // The clarinet overblows at the twelfth.
  EXPECT_EQ(of("cl", 53).press[7], of("cl", 72).press[7]);
  EXPECT_EQ(of("cl", 53).press[3], of("cl", 72).press[3]);
}

TEST(Fingering, EveryNoteOfEveryRangeHasOne) {
  for (const Instrument& instrument : instruments()) {
    for (int pitch = instrument.low; pitch <= instrument.high; ++pitch) {
      const Fingering held = fingering(instrument, pitch);
      for (const double press : held.press) EXPECT_TRUE(press >= 0 && press <= 1);
      EXPECT_TRUE(held.string >= 0 && held.string <= 3);
      EXPECT_TRUE(held.stop >= 0 && held.stop < 0.85) << instrument.code << pitch;
      EXPECT_TRUE(held.slide >= 0 && held.slide <= 6);
    }
  }
}

TEST(AdditiveSound, HasThePitchOfTheNotes) {
  for (const Instrument& instrument : instruments()) {
    const Tune tune = compose(instrument, 40, 3);
    const auto samples = synthesise(instrument, tune, 40, 3);
    EXPECT_GE(share_in_tune(tune, samples, 16), 0.93) << instrument.code;
  }
}

TEST(AdditiveSound, IsSilentInRestsAndFiniteEverywhere) {
  for (const Instrument& instrument : instruments()) {
    const Tune tune = compose(instrument, 20, 4);
    auto samples = synthesise(instrument, tune, 20, 4);
    ASSERT_EQ(samples.size(), 20u * kSampleRate);
    double peak = 0;
    for (const float sample : samples) {
      ASSERT_TRUE(std::isfinite(sample));
      peak = std::max(peak, std::abs(static_cast<double>(sample)));
    }
    EXPECT_GT(peak, 0.05) << instrument.code;
    EXPECT_LT(peak, 3) << instrument.code;
    for (std::size_t i = 0; i + 1 < tune.notes.size(); ++i) {
      const double end = tune.notes[i].onset_s + tune.notes[i].duration_s;
      if (tune.notes[i + 1].onset_s - end < 0.3) continue;
      for (auto s = static_cast<std::size_t>((end + 0.2) * kSampleRate);
           s < static_cast<std::size_t>((tune.notes[i + 1].onset_s - 0.01) * kSampleRate); ++s) {
        ASSERT_EQ(samples[s], 0);
      }
    }
    record(samples, 4);
    double floor = 0;
    const auto quiet = static_cast<std::size_t>((tune.notes[0].onset_s - 0.02) * kSampleRate);
    for (std::size_t s = 0; s < quiet; ++s) floor += samples[s] * samples[s];
    EXPECT_NEAR(10 * std::log10(floor / static_cast<double>(quiet)), -70, 1.5);
  }
}

// Harmonic strengths (up to the tenth) of one middle note each: all pairs of instruments differ.
TEST(AdditiveSound, HasThirteenTimbres) {
  std::vector<std::vector<double>> spectra;
  for (const Instrument& instrument : instruments()) {
    TuneNote note{};
    note.onset_s = 0.1, note.duration_s = 1, note.velocity = 80;
    note.pitch = (instrument.low + instrument.high) / 2;
    Tune tune;
    tune.notes = {note};
    const auto samples = synthesise(instrument, tune, 1.5, 1);
    std::vector<double> spectrum;
    for (int h = 1; h <= 10; ++h) {
      double re = 0, im = 0;
      const double w = 2 * M_PI * h * hz_of(note) / kSampleRate;
      for (int i = 0; i < 24000; ++i) {
        const double x = samples[static_cast<std::size_t>(19200 + i)] * std::sin(M_PI * i / 24000);
        re += x * std::cos(w * i), im += x * std::sin(w * i);
      }
      spectrum.push_back(10 * std::log10(re * re + im * im + 1e-6));
    }
    const double first = *std::max_element(spectrum.begin(), spectrum.end());
    for (double& db : spectrum) db = std::max(-50.0, db - first);
    for (const auto& other : spectra) {
      double distance = 0;
      for (std::size_t i = 0; i < 10; ++i) distance += std::pow(spectrum[i] - other[i], 2);
      EXPECT_GT(std::sqrt(distance / 10), 2.0)
          << instrument.code << " and number " << &other - spectra.data();
    }
    spectra.push_back(spectrum);
  }
}

TEST(AdditiveSound, TakesLittleTime) {
  const Instrument& violin = instruments().front();
  const Tune tune = compose(violin, 60, 1);
  const std::clock_t began = std::clock();
  const auto samples = synthesise(violin, tune, 60, 1);
  const double seconds = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  EXPECT_GT(samples.size(), 0u);
  RecordProperty("cpu_ms", static_cast<int>(1000 * seconds));
#ifdef NDEBUG
  EXPECT_LT(seconds, 1.0);
#endif
}

// A tone of ten partials whose odd ones are `odd_db` relative to the even ones.
std::vector<float> partials(double hz, double odd_db) {
  std::vector<float> samples(static_cast<std::size_t>(0.45 * kSampleRate));
  for (int k = 1; k <= 10; ++k) {
    const double level = 0.1 / k * (k % 2 == 1 ? std::pow(10, odd_db / 20) : 1);
    for (std::size_t i = 0; i < samples.size(); ++i) {
      samples[i] += static_cast<float>(
          level * std::sin(2 * M_PI * k * hz / kSampleRate * static_cast<double>(i) + k));
    }
  }
  return samples;
}

TEST(Listening, FindsHowFarATonesPitchIsOff) {
  for (const double hz : {41.2, 110.0, 440.0, 1568.0}) {
    for (const double cents : {-90.0, -20.0, 0.0, 35.0, 120.0}) {
      const Tone tone = hear(partials(hz * std::exp2(cents / 1200), 0), hz);
      EXPECT_NEAR(tone.cents, cents, 3) << hz;
      EXPECT_GT(tone.periodic, 0.95);
      EXPECT_LT(tone.octave, 0.8) << hz;
    }
  }
}

TEST(Listening, HearsWhenAToneIsNearlyTheOctaveAbove) {
  for (const double hz : {41.2, 220.0, 440.0}) {
    const Tone tone = hear(partials(hz, -20), hz);
    EXPECT_NEAR(tone.cents, 0, 3) << hz;
    EXPECT_GT(tone.octave, 0.9) << hz;
  }
}

TEST(Listening, FindsNoToneInNoiseSilenceOrTooLittle) {
  Random random(5);
  std::vector<float> samples(static_cast<std::size_t>(0.45 * kSampleRate));
  EXPECT_EQ(hear(samples, 110).periodic, 0);
  for (float& sample : samples) sample = static_cast<float>(0.1 * random.normal());
  EXPECT_EQ(hear(samples, 110).periodic, 0);
  EXPECT_EQ(hear(samples, 110).cents, 0);
  EXPECT_EQ(hear(std::span(samples).first(1000), 110).periodic, 0);
  EXPECT_EQ(hear(partials(220, 0), 150).cents, 0);  // far off
}

TEST(SampledSound, HasThePitchOfTheNotes) {
  std::string reason;
  auto sampler = find_sampler(reason);
  if (!sampler) GTEST_SKIP() << reason;
  minet::TempFolder folder;
  for (const Instrument& instrument : instruments()) {
    const auto& keys = sampler->keys[instrument.code] =
        measure_keys(*sampler, instrument, folder.path());
    ASSERT_EQ(keys.size(), static_cast<std::size_t>(instrument.high - instrument.low + 1));
    for (std::size_t i = 0; i < keys.size(); ++i) {
      EXPECT_LE(std::abs(keys[i].struck - instrument.low - static_cast<int>(i)), 4);
      EXPECT_LE(std::abs(keys[i].cents), 50) << instrument.code << " " << i;
    }
    Tune tune = compose(instrument, 12, 3);
    const auto samples = play_samples(*sampler, instrument, tune, 12, folder.path());
    ASSERT_EQ(samples.size(), 12u * kSampleRate);
    for (const TuneNote& note : tune.notes)
      EXPECT_EQ(note.cents, keys[static_cast<std::size_t>(note.pitch - instrument.low)].cents);
    EXPECT_GE(share_in_tune(tune, samples, 16), 0.9) << instrument.code;
  }
  EXPECT_TRUE(folder.names().empty());
}

// The bank's own samples of these keys have odd partials 16 dB below the second.
TEST(SampledSound, PlaysKeysThatAreAnOctaveHighWithOthers) {
  std::string reason;
  auto sampler = find_sampler(reason);
  if (!sampler) GTEST_SKIP() << reason;
  if (sampler->bank.filename() != "FluidR3_GM.sf2") GTEST_SKIP() << "another bank than FluidR3";
  minet::TempFolder folder;
  const Instrument& bassoon = instruments()[7];
  ASSERT_EQ(bassoon.code, "bn");
  std::vector<Key> keys = measure_keys(*sampler, bassoon, folder.path());
  const auto first = static_cast<std::size_t>(56 - bassoon.low);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const int pitch = bassoon.low + static_cast<int>(i);
    EXPECT_EQ(keys[i].struck != pitch, pitch >= 56 && pitch <= 58) << pitch;
  }
  Tune tune;
  tune.notes = {{.beat = 0,
                 .beats = 1,
                 .onset_s = 0.1,
                 .duration_s = 0.8,
                 .pitch = 57,
                 .cents = 0,
                 .velocity = 80,
                 .phrase = 0,
                 .slurred = false,
                 .vibrato = 0}};
  const auto listen = [&] {
    sampler->keys["bn"] = keys;
    const auto samples = play_samples(*sampler, bassoon, tune, 1.2, folder.path());
    return hear(std::span(samples).subspan(static_cast<std::size_t>(0.35 * kSampleRate),
                                           static_cast<std::size_t>(0.45 * kSampleRate)),
                220);
  };
  const Tone replaced = listen();
  EXPECT_LT(replaced.octave, 0.8);
  EXPECT_NEAR(replaced.cents, tune.notes[0].cents, 4);
  for (std::size_t i = first; i < first + 3; ++i) keys[i] = {bassoon.low + static_cast<int>(i), 0};
  EXPECT_GT(listen().octave, 0.9);
}
