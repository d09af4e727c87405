// Phase reconstruction: its error, and that it is reproducible.
#include "minet/audio/inversion.hpp"

#include <algorithm>
#include <complex>
#include <thread>

#include "audio/helpers.hpp"
#include "minet/audio/stft.hpp"
#include "minet/core/errors.hpp"

namespace minet::audio {
namespace {

using namespace testing;
using config::SpectrogramConfig;

double convergence(const Spectrogram& target, const Sound& sound) {
  return spectral_convergence_db(target, magnitude(sound, {}));
}

// The first four seconds as a clip of 250 frames.
Spectrogram clip_of(const std::vector<float>& samples) {
  Spectrogram out = magnitude({.sample_rate = 16000, .samples = samples}, {});
  out.frames = 250;
  out.values.resize(250 * 1024);
  return out;
}

TEST(Invert, comes_within_minus_20_db_on_a_harmonic_sound_and_momentum_helps) {
  const Spectrogram target = clip_of(harmonic(16000, 4));
  const Sound once = invert(target, {}, {.iterations = 32});
  EXPECT_EQ(once.samples.size(), 64000U);
  EXPECT_EQ(once.sample_rate, 16000);
  // The start is random, so medians of five seeds; librosa.griffinlim's are -23.5 and -15.3 here.
  std::vector<double> fast;
  std::vector<double> plain;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const InversionOptions options{.start = PhaseStart::random, .iterations = 32, .seed = seed};
    fast.push_back(convergence(target, invert(target, {}, options)));
    InversionOptions without = options;
    without.momentum = 0;
    plain.push_back(convergence(target, invert(target, {}, without)));
  }
  std::sort(fast.begin(), fast.end());
  std::sort(plain.begin(), plain.end());
  EXPECT_LE(fast[2], -20);
  EXPECT_LE(plain[2], -13);
  EXPECT_LE(fast[2], plain[2] - 4);
  EXPECT_LE(fast[4], -15);  // the worst
}

TEST(Invert, an_offset_does_not_disturb_the_rest) {
  std::vector<float> samples = harmonic(16000, 4);
  for (float& sample : samples) sample += 0.2F;
  const Spectrogram target = clip_of(samples);
  EXPECT_LE(convergence(target, invert(target, {}, {})), -25);
}

TEST(Invert, gets_nearer_with_every_plain_iteration) {
  const Spectrogram target = clip_of(harmonic(16000, 4));
  double before = 100;
  for (const int iterations : {0, 1, 2, 4, 8, 16}) {  // proved by Griffin and Lim: never worse
    const Sound sound = invert(target, {}, {.iterations = iterations, .momentum = 0});
    const double db = convergence(target, sound);
    EXPECT_LT(db, before) << iterations;
    before = db;
  }
}

TEST(Invert, repeats_bit_for_bit_by_seed_and_for_any_number_of_threads) {
  const Spectrogram target = clip_of(harmonic(16000, 4));
  const Sound once = invert(target, {}, {.iterations = 5, .seed = 11});
  EXPECT_EQ(invert(target, {}, {.iterations = 5, .seed = 11}).samples, once.samples);
  for (const int threads : {2, 3, 4, 9}) {
    EXPECT_EQ(invert(target, {}, {.iterations = 5, .seed = 11, .threads = threads}).samples,
              once.samples)
        << threads;
  }
  EXPECT_NE(invert(target, {}, {.iterations = 5, .seed = 12}).samples, once.samples);
}

// One Griffin-Lim iteration as in their paper, on the whole sound.
std::vector<float> plain_round(const Spectrogram& target, const std::vector<float>& sound) {
  const Stft stft({});
  std::vector<float> padded(sound.size() - 256 + 2048, 0.0F);
  std::copy(sound.begin(), sound.end(), padded.begin() + 1024);
  std::vector<std::complex<float>> frames(static_cast<std::size_t>(target.frames * stft.bins()));
  stft.forward_clip(padded, frames);
  for (std::int64_t t = 0; t < target.frames; ++t) {
    for (std::int64_t k = 0; k < stft.bins(); ++k) {
      auto& value = frames[static_cast<std::size_t>(t * stft.bins() + k)];
      const float wanted =
          k < target.bins ? target.values[static_cast<std::size_t>(t * target.bins + k)] : 0.0F;
      value = std::abs(value) > 0 ? value * (wanted / std::abs(value)) : 0.0F;
    }
  }
  std::vector<float> result(sound.size());
  stft.inverse(frames, result);
  return result;
}

TEST(Invert, is_plain_griffin_lim_although_only_a_few_blocks_are_held) {
  // 20 blocks of 64 frames, of which 2 rounds hold 8.
  const Spectrogram target = magnitude(
      {.sample_rate = 16000, .samples = noise(static_cast<std::size_t>(20 * 64 - 1) * 256)}, {});
  const auto after = [&](std::int64_t rounds, int threads) {
    return invert(target, {}, {.iterations = rounds, .momentum = 0, .threads = threads}).samples;
  };
  const std::vector<float> once = plain_round(target, after(0, 1));
  const std::vector<float> twice = plain_round(target, once);
  EXPECT_LT(largest_difference(after(1, 1), once), 1e-4);
  EXPECT_LT(largest_difference(after(2, 2), twice), 1e-4);
  EXPECT_GT(largest_difference(once, twice), 1e-2);
}

TEST(Invert, takes_and_gives_each_frame_and_sample_once_and_in_order) {
  const Spectrogram target = magnitude(
      {.sample_rate = 16000, .samples = noise(static_cast<std::size_t>(9 * 64 + 5) * 256)}, {});
  for (const int threads : {1, 2}) {
    std::int64_t asked = 0;
    std::vector<float> given;
    const auto here = std::this_thread::get_id();
    invert_in_passing(
        target.frames,
        [&](std::int64_t frames, float* into) {
          EXPECT_EQ(std::this_thread::get_id(), here);
          const auto from = target.values.begin() + asked * target.bins;
          std::copy(from, from + frames * target.bins, into);
          asked += frames;
          // Input is requested only a little ahead of the output.
          EXPECT_LE(asked - static_cast<std::int64_t>(given.size()) / 256, (2 * 3 + 4) * 64 + 1);
        },
        [&](std::span<const float> samples) {
          EXPECT_EQ(std::this_thread::get_id(), here);
          given.insert(given.end(), samples.begin(), samples.end());
        },
        {}, {.iterations = 3, .threads = threads});
    EXPECT_EQ(asked, target.frames);
    EXPECT_EQ(given, invert(target, {}, {.iterations = 3}).samples);
  }
}

TEST(Invert, a_source_or_a_sink_that_fails_ends_it) {
  const auto nothing = [](std::int64_t frames, float* into) {
    std::fill(into, into + frames * 1024, 0.0F);
  };
  struct Enough {};
  for (const int threads : {1, 3}) {
    const InversionOptions options{.iterations = 4, .threads = threads};
    std::int64_t asked = 0;
    const auto failing = [&](std::int64_t frames, float* into) {
      nothing(frames, into);
      if ((asked += frames) > 300) throw Enough();
    };
    EXPECT_THROW(invert_in_passing(
                     5000, failing, [](std::span<const float>) {}, {}, options),
                 Enough);
    EXPECT_THROW(invert_in_passing(
                     5000, nothing, [](std::span<const float>) { throw Enough(); }, {}, options),
                 Enough);
  }
}

TEST(Invert, gives_the_asked_length_for_any_number_of_frames) {
  for (const std::size_t length : {1UL, 200UL, 256UL, 16384UL, 16640UL, 50001UL}) {
    const std::vector<float> sound = sine(330, 16000, length);
    const Spectrogram target = magnitude({.sample_rate = 16000, .samples = sound}, {});
    const auto samples = static_cast<std::int64_t>(length);
    const Sound back = invert(target, {}, {.iterations = 4, .samples = samples});
    EXPECT_EQ(back.samples.size(), length);
    for (const float v : back.samples) ASSERT_TRUE(std::isfinite(v));
    EXPECT_EQ(invert(target, {}, {.iterations = 1}).samples.size(),
              static_cast<std::size_t>(target.frames * 256));
  }
}

TEST(Invert, works_for_other_shapes_and_keeps_the_nyquist_bin_where_given) {
  const std::vector<float> sound = harmonic(16000, 2);
  for (const SpectrogramConfig& config :
       {SpectrogramConfig{.n_fft = 1024, .hop = 256, .bins = 513},
        SpectrogramConfig{.n_fft = 512, .hop = 64, .bins = 256},
        SpectrogramConfig{.n_fft = 400, .hop = 99, .bins = 201},
        SpectrogramConfig{.n_fft = 2048, .hop = 20, .bins = 1024}}) {
    const Spectrogram target = magnitude({.sample_rate = 16000, .samples = sound}, config);
    const Sound back = invert(target, config, {.samples = static_cast<std::int64_t>(sound.size())});
    EXPECT_LE(spectral_convergence_db(target, magnitude(back, config)), -14) << config.n_fft;
  }
}

TEST(Invert, keeps_silence_silent) {
  const Spectrogram silent{.frames = 70, .bins = 1024, .values = std::vector<float>(70 * 1024)};
  EXPECT_EQ(invert(silent, {}).samples, std::vector<float>(70 * 256));
}

TEST(Invert, refuses_what_is_no_magnitude_spectrogram) {
  Spectrogram good{.frames = 2, .bins = 1024, .values = std::vector<float>(2048, 1.0F)};
  for (const float bad : {-1.0F, NAN, INFINITY}) {
    Spectrogram wrong = good;
    wrong.values[1500] = bad;
    EXPECT_THROW(invert(wrong, {}), InputError);
  }
  EXPECT_THROW(invert({.frames = 3, .bins = 1024, .values = good.values}, {}), InputError);
  EXPECT_THROW(invert({.frames = 4, .bins = 512, .values = good.values}, {}), InputError);
  EXPECT_THROW(invert({.frames = 0, .bins = 1024, .values = {}}, {}), InputError);
  EXPECT_THROW(invert(good, {}, {.iterations = -1}), InputError);
  EXPECT_THROW(invert(good, {}, {.momentum = 1}), InputError);
  EXPECT_THROW(invert(good, {}, {.threads = 0}), InputError);
  EXPECT_THROW(invert(good, {}, {.samples = 10000}), InputError);
}

TEST(Invert, rebuilds_a_real_violin_phrase) {
  const auto path = shared_data() / "audio" / "gcompris" / "violin.ogg";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no recording at " << path;
  const Spectrogram target = clip_of(read_sound(path).samples);
  EXPECT_LE(convergence(target, invert(target, {}, {.iterations = 0})), -22);
  EXPECT_LE(convergence(target, invert(target, {})), -30);
}

TEST(Invert, starts_nearer_from_the_phase_gradient_than_chance_gets_in_32_rounds) {
  const Spectrogram target = clip_of(harmonic(16000, 4));
  const double started = convergence(target, invert(target, {}, {.iterations = 0}));
  const double by_chance =
      convergence(target, invert(target, {}, {.start = PhaseStart::random, .iterations = 32}));
  EXPECT_LE(started, -20);
  EXPECT_LE(convergence(target, invert(target, {}, {.iterations = 4})), by_chance - 5);
}

TEST(Invert, a_steady_tone_of_any_frequency_is_right_from_the_start) {
  for (const double hz : {62.5, 100.0, 440.0, 1234.5, 5000.0, 7800.0}) {
    const Spectrogram target = clip_of(sine(hz, 16000, 64000));
    EXPECT_LE(convergence(target, invert(target, {}, {.iterations = 0})), -20) << hz;
  }
}

}  // namespace
}  // namespace minet::audio
