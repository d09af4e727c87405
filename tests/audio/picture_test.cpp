// Where a spectrogram's cells are drawn in its image, and that loud cells are bright.
#include "minet/audio/picture.hpp"

#include <gtest/gtest.h>
#include <png.h>

#include <cstdint>

#include "minet/core/errors.hpp"

namespace minet::audio {
namespace {

struct Picture {
  int width = 0, height = 0;
  std::vector<std::uint8_t> pixels;
  // 0 .. 765; row 0 at the top.
  int brightness(int row, int column) const {
    const std::uint8_t* pixel = pixels.data() + (row * width + column) * 3;
    return pixel[0] + pixel[1] + pixel[2];
  }
};

Picture read(const std::vector<std::byte>& file) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  EXPECT_NE(png_image_begin_read_from_memory(&image, file.data(), file.size()), 0);
  image.format = PNG_FORMAT_RGB;
  Picture picture{static_cast<int>(image.width), static_cast<int>(image.height), {}};
  picture.pixels.resize(PNG_IMAGE_SIZE(image));
  EXPECT_NE(png_image_finish_read(&image, nullptr, picture.pixels.data(), 0, nullptr), 0);
  return picture;
}

Spectrogram silence(std::int64_t frames, std::int64_t bins) {
  return {frames, bins, std::vector<float>(static_cast<std::size_t>(frames * bins), 0.0F)};
}

TEST(SpectrogramPng, TimeGoesRightAndFrequencyUp) {
  Spectrogram tone = silence(100, 1024);
  for (std::int64_t frame = 50; frame < 100; ++frame) tone.values[frame * 1024 + 128] = 1;  // 1 kHz
  const Picture picture = read(spectrogram_png(tone, {.width = 10, .height = 8, .top_hz = 4000}));
  ASSERT_EQ(picture.width, 10);
  ASSERT_EQ(picture.height, 8);
  for (int row = 0; row < 8; ++row) {
    for (int column = 0; column < 10; ++column) {
      const bool lit = row == 5 && column >= 5;  // 1 kHz is a quarter of the way up: row 8 - 1 - 2
      EXPECT_EQ(picture.brightness(row, column), lit ? 252 + 253 + 191 : 4) << row << " " << column;
    }
  }
}

TEST(SpectrogramPng, ASinglePeakIsNotLostInASmallPicture) {
  Spectrogram click = silence(1000, 1024);
  click.values[333 * 1024 + 77] = 1;
  const Picture picture = read(spectrogram_png(click, {.width = 7, .height = 5}));
  int lit = 0;
  for (int i = 0; i < 35; ++i) lit += picture.brightness(i / 7, i % 7) > 600;
  EXPECT_EQ(lit, 1);
}

TEST(SpectrogramPng, LouderIsBrighterAndAReferenceIsShared) {
  Spectrogram stairs = silence(5, 1);
  stairs.values = {1e-5F, 1e-3F, 1e-2F, 0.1F, 1};
  const PictureOptions options{.width = 5, .height = 1, .top_hz = 8000};
  const Picture picture = read(spectrogram_png(stairs, options));
  for (int column = 1; column < 5; ++column) {
    EXPECT_GT(picture.brightness(0, column), picture.brightness(0, column - 1));
  }
  PictureOptions shared = options;
  shared.reference = 10;
  EXPECT_LT(read(spectrogram_png(stairs, shared)).brightness(0, 4), picture.brightness(0, 4));
}

TEST(SpectrogramPng, APictureLargerThanTheSpectrogramIsWhole) {
  Spectrogram one = silence(1, 1);
  one.values = {1};
  const Picture picture = read(spectrogram_png(one, {.width = 3, .height = 3, .top_hz = 8000}));
  for (int i = 0; i < 9; ++i) EXPECT_EQ(picture.brightness(i / 3, i % 3), 252 + 253 + 191);
}

TEST(SpectrogramPng, NothingToShowIsRefused) {
  EXPECT_THROW(spectrogram_png({}), InputError);
  EXPECT_THROW(spectrogram_png(silence(2, 2), {.top_hz = 9000}), InputError);
  EXPECT_THROW(spectrogram_png(silence(2, 2), {.width = 0}), InputError);
}

}  // namespace
}  // namespace minet::audio
