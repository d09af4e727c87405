// Magnitudes against librosa, clips, the log scale and its estimation.
#include "minet/audio/spectrogram.hpp"

#include <algorithm>

#include "audio/fast_math.hpp"
#include "audio/helpers.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/npy.hpp"

namespace minet::audio {
namespace {

using namespace testing;
using config::LogScale;
using config::SpectrogramConfig;

TEST(Magnitude, agrees_with_librosa) {
  const FloatArray expected = read_npy_float(golden("librosa_magnitude.npy"));
  const Spectrogram got = magnitude({.sample_rate = 16000, .samples = noise(2000)}, {});
  EXPECT_EQ(got.frames, 8);
  EXPECT_EQ(got.bins, 1024);
  EXPECT_LE(largest_difference(got.values, expected.values), 1e-4);  // the largest is about 60
}

TEST(Magnitude, refuses_another_rate_and_too_many_bins) {
  EXPECT_THROW(magnitude({.sample_rate = 44100, .samples = noise(100)}, {}), InputError);
  EXPECT_THROW(magnitude({.sample_rate = 16000, .samples = noise(100)}, {.bins = 1026}),
               InputError);
  EXPECT_THROW(magnitude({.sample_rate = 16000, .samples = noise(100)}, {.bins = 0}), InputError);
}

TEST(Magnitude, of_silence_and_of_nothing_is_zero) {
  const Spectrogram silent =
      magnitude({.sample_rate = 16000, .samples = std::vector<float>(999)}, {});
  EXPECT_EQ(silent.frames, 4);
  EXPECT_EQ(silent.values, std::vector<float>(4 * 1024));
  EXPECT_EQ(magnitude({.sample_rate = 16000, .samples = {}}, {}).values, std::vector<float>(1024));
}

TEST(MagnitudeOfFrames, is_a_slice_of_the_track_also_at_its_edges) {
  const TempFolder folder;
  save_wav(folder / "track.wav", {.sample_rate = 16000, .samples = noise(40000)});
  const SpectrogramConfig config;
  const Spectrogram track = magnitude(read_sound(folder / "track.wav"), config);
  ASSERT_EQ(track.frames, 157);
  for (const auto& [first, count] : std::vector<std::pair<std::int64_t, std::int64_t>>{
           {0, 157}, {0, 10}, {50, 63}, {147, 10}, {156, 1}}) {
    const SampleRange range = samples_of_frames(first, count, config);
    const Sound part = read_sound_segment(folder / "track.wav", range.first, range.count);
    const Spectrogram clip = magnitude_of_frames(part.samples, config);
    ASSERT_EQ(clip.frames, count);
    const auto from = track.values.begin() + first * 1024;
    EXPECT_TRUE(std::equal(clip.values.begin(), clip.values.end(), from, from + count * 1024))
        << first << " + " << count;
  }
  EXPECT_THROW(magnitude_of_frames(noise(2049), config), InputError);
  EXPECT_THROW(magnitude_of_frames(noise(100), config), InputError);
}

TEST(FastMath, is_right_to_a_few_units_in_the_last_place) {
  for (double x = 1e-37; x < 1e38; x *= 1.0009) {
    const auto f = static_cast<float>(x);
    const double expected = std::log(static_cast<double>(f));
    ASSERT_NEAR(fast_log(f), expected, 2e-7 * std::max(1.0, std::abs(expected))) << f;
  }
  for (double x = 0.5; x < 2; x += 1e-5) {  // around ln 1 = 0, where absolute errors count
    const auto f = static_cast<float>(x);
    ASSERT_NEAR(fast_log(f), std::log(static_cast<double>(f)), 1e-7) << f;
  }
  EXPECT_EQ(fast_log(1.0F), 0.0F);
  EXPECT_EQ(fast_exp(0.0F), 1.0F);
  for (double x = -87; x < 88; x += 0.0007) {
    const auto f = static_cast<float>(x);
    const double expected = std::exp(static_cast<double>(f));
    ASSERT_NEAR(fast_exp(f) / expected, 1, 3e-7) << f;
  }
  EXPECT_TRUE(std::isfinite(fast_exp(1e30F)) && fast_exp(-1e30F) > 0);
}

TEST(Scale, follows_its_formula) {
  const SpectrogramScale decibel{.reference = 200, .floor_db = -80, .mean = -60, .deviation = 15};
  const SpectrogramScale log1p{
      .kind = LogScale::log1p, .reference = 200, .mean = 1.5, .deviation = 0.7};
  for (const double m : {0.0, 1e-6, 0.0199, 0.02, 0.021, 0.5, 3.0, 199.0, 200.0, 450.0}) {
    std::vector<float> v{static_cast<float>(m)};
    to_log(decibel, v);
    EXPECT_NEAR(v[0], (20 * std::log10(std::max(m, 200e-4) / 200) + 60) / 15, 1e-6) << m;
    v[0] = static_cast<float>(m);
    to_log(log1p, v);
    EXPECT_NEAR(v[0], (std::log1p(m) - 1.5) / 0.7, 1e-6) << m;
  }
}

TEST(Scale, comes_back_above_the_floor_and_is_silent_at_it) {
  const SpectrogramScale scale{.reference = 314, .floor_db = -80, .mean = -55, .deviation = 17};
  const double floor = 314e-4;
  for (double m = floor * 1.06; m < 1000; m *= 1.01) {
    std::vector<float> v{static_cast<float>(m)};
    to_log(scale, v);
    to_linear(scale, v);
    ASSERT_NEAR(v[0] / m, 1, 3e-6) << m;
  }
  for (const double m : {0.0, floor / 2, floor, floor * 1.05}) {  // 1.05: 0.42 dB over the floor
    std::vector<float> v{static_cast<float>(m)};
    to_log(scale, v);
    to_linear(scale, v);
    EXPECT_EQ(v[0], 0.0F) << m;
  }
  const SpectrogramScale log1p{.kind = LogScale::log1p, .mean = 1.2, .deviation = 0.8};
  for (double m = 1e-5; m < 1000; m *= 1.01) {
    std::vector<float> v{static_cast<float>(m)};
    to_log(log1p, v);
    to_linear(log1p, v);
    ASSERT_NEAR(v[0], m, 2e-6 * (1 + m)) << m;
  }
}

TEST(Scale, keeps_whatever_a_network_says_finite) {
  for (const LogScale kind : {LogScale::decibel, LogScale::log1p}) {
    std::vector<float> v{-1e30F, 1e30F, -INFINITY, INFINITY, 100.0F};
    to_linear({.kind = kind, .reference = 300, .deviation = 15}, v);
    for (const float m : v) EXPECT_TRUE(std::isfinite(m) && m >= 0) << m;
  }
}

TEST(Scale, refuses_numbers_that_are_no_scale) {
  std::vector<float> v{1};
  EXPECT_THROW(to_log({.reference = 0}, v), InputError);
  EXPECT_THROW(to_log({.reference = NAN}, v), InputError);
  EXPECT_THROW(to_linear({.deviation = 0}, v), InputError);
  EXPECT_THROW(to_linear({.floor_db = 3}, v), InputError);
}

TEST(ScaleEstimator, finds_the_maximum_the_mean_and_the_deviation) {
  std::vector<float> tracks[3] = {noise(10000), noise(5001), noise(3)};
  for (auto& track : tracks) {
    for (float& v : track) v = v * v * 80;
  }
  for (const LogScale kind : {LogScale::decibel, LogScale::log1p}) {
    ScaleEstimator estimator(kind, -80);
    for (const auto& track : tracks) estimator.see_maximum(track);
    for (const auto& track : tracks) estimator.see_values(track);
    const SpectrogramScale scale = estimator.finish();
    double reference = 0;
    for (const auto& track : tracks) {
      for (const float v : track) reference = std::max<double>(reference, v);
    }
    EXPECT_EQ(scale.reference, reference);
    double count = 0;
    double sum = 0;
    double squares = 0;
    for (const auto& track : tracks) {
      for (const float m : track) {
        const double v = kind == LogScale::log1p
                             ? std::log1p(m)
                             : 20 * std::log10(std::max<double>(m, reference * 1e-4) / reference);
        count += 1;
        sum += v;
        squares += v * v;
      }
    }
    const double mean = sum / count;
    EXPECT_NEAR(scale.mean, mean, 1e-6);
    EXPECT_NEAR(scale.deviation, std::sqrt(squares / count - mean * mean), 1e-6);
    // The standardised values have mean 0 and deviation 1.
    double after = 0;
    double after_squares = 0;
    for (auto track : tracks) {
      to_log(scale, track);
      for (const float v : track) {
        after += v;
        after_squares += v * v;
      }
    }
    EXPECT_NEAR(after / count, 0, 1e-5);
    EXPECT_NEAR(after_squares / count, 1, 1e-5);
  }
}

TEST(ScaleEstimator, copes_with_silence_and_with_constant_sound) {
  for (const LogScale kind : {LogScale::decibel, LogScale::log1p}) {
    for (const float level : {0.0F, 5.0F}) {
      std::vector<float> values(2000, level);
      ScaleEstimator estimator(kind);
      estimator.see_maximum(values);
      estimator.see_values(values);
      const SpectrogramScale scale = estimator.finish();
      EXPECT_GT(scale.reference, 0);
      EXPECT_EQ(scale.deviation, 1);
      to_log(scale, values);
      for (const float v : values) ASSERT_NEAR(v, 0, 1e-5);
      to_linear(scale, values);
      for (const float v : values) ASSERT_NEAR(v, level, 1e-4);
    }
  }
  EXPECT_THROW(ScaleEstimator(LogScale::decibel).finish(), WorkError);
}

TEST(SpectralConvergence, is_the_relative_error_in_decibels) {
  const Spectrogram target{.frames = 1, .bins = 2, .values = {3, 4}};
  const Spectrogram near{.frames = 2, .bins = 2, .values = {3, 4.5, 100, 100}};
  EXPECT_NEAR(spectral_convergence_db(target, near), -20, 1e-9);  // 0.5 / 5, the first frame alone
  EXPECT_EQ(spectral_convergence_db(target, target), -200);
  const Spectrogram zero{.frames = 1, .bins = 2, .values = {0, 0}};
  EXPECT_EQ(spectral_convergence_db(target, zero), 0);
  EXPECT_EQ(spectral_convergence_db(zero, target), 200);
  EXPECT_THROW(spectral_convergence_db(near, target), InputError);
}

}  // namespace
}  // namespace minet::audio
