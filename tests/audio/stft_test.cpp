// The transform against librosa (make_golden.py), its inverse, and clips against whole tracks.
#include "minet/audio/stft.hpp"

#include <complex>
#include <thread>

#include "audio/helpers.hpp"
#include "minet/core/errors.hpp"

namespace minet::audio {
namespace {

using namespace testing;
using Frames = std::vector<std::complex<float>>;

Frames forward(const Stft& stft, const std::vector<float>& samples) {
  const auto count = static_cast<std::int64_t>(samples.size());
  Frames frames(static_cast<std::size_t>(stft.frames_of(count) * stft.bins()));
  stft.forward(samples, frames);
  return frames;
}

TEST(Stft, is_undone_by_its_inverse_edges_included) {
  for (const StftShape shape : {StftShape{}, StftShape{512, 128}, StftShape{2048, 512},
                                StftShape{400, 99}, StftShape{16, 1}}) {
    const Stft stft(shape);
    for (const std::size_t length :
         {1UL, 5UL, 255UL, 256UL, 257UL, 1000UL, 2048UL, 16000UL, 64001UL}) {
      const std::vector<float> sound = noise(length);
      std::vector<float> back(length, 7.0F);
      stft.inverse(forward(stft, sound), back);
      EXPECT_LE(largest_difference(back, sound), 1e-5)
          << shape.n_fft << "/" << shape.hop << ", " << length << " samples";
    }
  }
}

TEST(Stft, matches_the_definition_in_double_precision) {
  const Stft stft({.n_fft = 64, .hop = 16});
  const std::vector<float> sound = noise(100);
  const Frames frames = forward(stft, sound);
  ASSERT_EQ(frames.size(), 7U * 33U);
  for (int t = 0; t < 7; ++t) {
    for (int k = 0; k <= 32; ++k) {
      std::complex<double> sum;
      for (int i = 0; i < 64; ++i) {
        const int at = t * 16 - 32 + i;
        if (at < 0 || at >= 100) continue;
        const double window = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * i / 64);
        sum += window * sound[static_cast<std::size_t>(at)] *
               std::polar(1.0, -2 * std::numbers::pi * i * k / 64);
      }
      const std::complex<double> got = frames[static_cast<std::size_t>(t * 33 + k)];
      ASSERT_LE(std::abs(got - sum), 1e-5) << t << ", " << k;
    }
  }
}

TEST(Stft, makes_a_clip_equal_to_the_slice_of_its_track) {
  const Stft stft(StftShape{});
  const std::vector<float> track = noise(20000);
  const Frames whole = forward(stft, track);
  const std::int64_t first = 10;
  const std::int64_t count = 20;
  const std::vector<float> part(track.begin() + first * 256 - 1024,
                                track.begin() + (first + count - 1) * 256 + 1024);
  Frames clip(static_cast<std::size_t>(count * stft.bins()));
  stft.forward_clip(part, clip);
  for (std::size_t i = 0; i < clip.size(); ++i) {
    ASSERT_EQ(clip[i], whole[static_cast<std::size_t>(first * stft.bins()) + i]) << i;
  }
}

TEST(Stft, inverts_into_other_lengths_with_silence_beyond_the_frames) {
  const Stft stft(StftShape{});
  const std::vector<float> sound = noise(4000);
  std::vector<float> longer(9000, 7.0F);
  const Frames frames = forward(stft, sound);
  stft.inverse(frames, longer);
  for (std::size_t i = 0; i < 4000; ++i) ASSERT_NEAR(longer[i], sound[i], 1e-5);
  for (std::size_t i = 6000; i < 9000; ++i) ASSERT_EQ(longer[i], 0.0F);
  std::vector<float> shorter(1500);
  stft.inverse(frames, shorter);
  for (std::size_t i = 0; i < 1500; ++i) ASSERT_NEAR(shorter[i], sound[i], 1e-5);
}

TEST(Stft, works_from_many_threads_at_once) {
  const std::vector<float> sound = noise(30000);
  const Frames expected = forward(Stft({.n_fft = 1024, .hop = 256}), sound);
  std::vector<int> right(8, 0);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int size = 32; size <= 256; size += 32) Stft({.n_fft = size + 2 * i, .hop = 8});
      right[static_cast<std::size_t>(i)] =
          forward(Stft({.n_fft = 1024, .hop = 256}), sound) == expected;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, std::vector<int>(8, 1));
}

TEST(Stft, refuses_shapes_and_sizes_that_do_not_fit) {
  for (const StftShape shape : {StftShape{0, 1}, StftShape{-2048, 256}, StftShape{15, 1},
                                StftShape{131072, 256}, StftShape{2048, 0}, StftShape{2048, 513}}) {
    EXPECT_THROW(Stft{shape}, InputError) << shape.n_fft << "/" << shape.hop;
  }
  const Stft stft(StftShape{});
  Frames frames(10);
  EXPECT_THROW(stft.forward(noise(1000), frames), InputError);
  EXPECT_THROW(stft.forward_clip(noise(2047), frames), InputError);
  EXPECT_THROW(stft.forward_clip(noise(2049), frames), InputError);
  std::vector<float> sound(100);
  EXPECT_THROW(stft.inverse(frames, sound), InputError);
}

}  // namespace
}  // namespace minet::audio
