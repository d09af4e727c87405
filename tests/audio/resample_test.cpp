// Resampling against the Python package soxr (make_golden.py).
#include "minet/audio/resample.hpp"

#include "audio/helpers.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/npy.hpp"

namespace minet::audio {
namespace {

using namespace testing;

TEST(Resample, agrees_with_the_python_package) {
  for (const int rate : {22050, 44100, 48000}) {
    const FloatArray expected =
        read_npy_float(golden("soxr_hq_" + std::to_string(rate) + "_16000.npy"));
    EXPECT_LE(largest_difference(resample(noise(3000), rate, 16000), expected.values), 1e-4)
        << rate;
  }
}

TEST(Resample, gives_the_same_in_pieces_of_any_size) {
  const std::vector<float> sound = noise(100000);
  const std::vector<float> whole = resample(sound, 44100, 16000);
  for (const std::size_t piece : {1000UL, 4097UL, 65536UL}) {
    Resampler resampler(44100, 16000);
    std::vector<float> out;
    for (std::size_t i = 0; i < sound.size(); i += piece) {
      resampler.push(std::span(sound).subspan(i, std::min(piece, sound.size() - i)), out);
    }
    resampler.finish(out);
    EXPECT_LE(largest_difference(out, whole), 1e-7) << piece;
  }
}

TEST(Resample, copies_at_equal_rates_and_keeps_the_length_otherwise) {
  EXPECT_EQ(resample(noise(777), 16000, 16000), noise(777));
  EXPECT_EQ(resample({}, 44100, 16000).size(), 0U);
  EXPECT_NEAR(static_cast<double>(resample(noise(44100), 44100, 16000).size()), 16000, 1);
  EXPECT_EQ(resample(noise(2), 48000, 16000).size(), 1U);
}

TEST(Resample, removes_what_the_lower_rate_cannot_hold) {
  const std::vector<float> out = resample(sine(9000, 48000, 48000), 48000, 16000);
  for (std::size_t i = 200; i + 200 < out.size(); ++i) ASSERT_LE(std::abs(out[i]), 1e-4);
}

TEST(Resample, refuses_rates_out_of_range) {
  EXPECT_THROW(resample(noise(10), 0, 16000), InputError);
  EXPECT_THROW(resample(noise(10), 16000, -1), InputError);
  EXPECT_THROW(resample(noise(10), 16000, 192001), InputError);
}

}  // namespace
}  // namespace minet::audio
