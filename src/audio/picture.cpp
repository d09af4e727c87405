#include "minet/audio/picture.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <utility>

#include "minet/core/errors.hpp"
#include "minet/core/png.hpp"
#include "minet/core/text.hpp"

namespace minet::audio {
namespace {

using Colour = std::array<std::uint8_t, 3>;

// Every sixteenth colour of matplotlib's "magma" (S. van der Walt, N. Smith, CC0), and its last.
// Its lightness rises evenly, so it also works in greyscale.
constexpr std::array<Colour, 17> kMagma{{{0, 0, 4},
                                         {10, 8, 34},
                                         {29, 17, 71},
                                         {54, 16, 107},
                                         {81, 18, 124},
                                         {106, 28, 129},
                                         {131, 38, 129},
                                         {156, 46, 127},
                                         {183, 55, 121},
                                         {208, 65, 111},
                                         {231, 82, 99},
                                         {245, 107, 92},
                                         {252, 137, 97},
                                         {254, 167, 114},
                                         {254, 196, 136},
                                         {253, 226, 163},
                                         {252, 253, 191}}};

Colour colour_of(double share) {
  const double at = std::clamp(share, 0.0, 1.0) * (kMagma.size() - 1);
  const std::size_t below = std::min(static_cast<std::size_t>(at), kMagma.size() - 2);
  Colour result{};
  for (std::size_t c = 0; c < 3; ++c) {
    const double low = kMagma[below][c], high = kMagma[below + 1][c];
    result[c] = static_cast<std::uint8_t>(
        std::lround(low + (high - low) * (at - static_cast<double>(below))));
  }
  return result;
}

// The cells [first, second) of `count` that pixel `index` of `pixels` covers; at least one.
std::pair<std::int64_t, std::int64_t> cells_of(std::int64_t index, std::int64_t pixels,
                                               double count, std::int64_t limit) {
  const double step = count / static_cast<double>(pixels);
  const auto first = static_cast<std::int64_t>(static_cast<double>(index) * step);
  const auto last = static_cast<std::int64_t>(std::ceil(static_cast<double>(index + 1) * step));
  return {std::min(first, limit - 1), std::clamp(last, first + 1, limit)};
}

void check(const Spectrogram& magnitudes, const PictureOptions& options) {
  if (magnitudes.frames < 1 || magnitudes.bins < 1) {
    throw InputError("spectrogram image: expected at least one frame and bin, got none");
  }
  if (options.width < 1 || options.height < 1 || options.sample_rate < 1 ||
      !(options.top_hz > 0 && options.top_hz <= options.sample_rate / 2.0) ||
      !(options.range_db > 0)) {
    throw InputError(
        text("spectrogram image: expected sides and a range above 0 and a top of at "
             "most half the sample rate, got ",
             options.width, " x ", options.height, " pixels, ", options.range_db, " dB and ",
             options.top_hz, " of ", options.sample_rate, " Hz"));
  }
}

}  // namespace

std::vector<std::byte> spectrogram_png(const Spectrogram& magnitudes,
                                       const PictureOptions& options) {
  check(magnitudes, options);
  const float largest = *std::max_element(magnitudes.values.begin(), magnitudes.values.end());
  const double reference = std::max(options.reference.value_or(largest), 1e-10F);
  const double shown_bins =
      static_cast<double>(magnitudes.bins) * options.top_hz / (options.sample_rate / 2.0);
  std::vector<std::uint8_t> pixels;
  pixels.reserve(static_cast<std::size_t>(options.width) * options.height * 3);
  for (int row = 0; row < options.height; ++row) {
    const auto [low, high] =
        cells_of(options.height - 1 - row, options.height, shown_bins, magnitudes.bins);
    for (int column = 0; column < options.width; ++column) {
      const auto [first, last] = cells_of(
          column, options.width, static_cast<double>(magnitudes.frames), magnitudes.frames);
      float loudest = 0;
      for (std::int64_t frame = first; frame < last; ++frame) {
        const float* values = magnitudes.values.data() + frame * magnitudes.bins;
        loudest = std::max(loudest, *std::max_element(values + low, values + high));
      }
      const double decibel = 20 * std::log10(std::max(loudest / reference, 1e-10));
      const Colour colour = colour_of(1 + decibel / options.range_db);
      pixels.insert(pixels.end(), colour.begin(), colour.end());
    }
  }
  return png_bytes(pixels, options.width, options.height);
}

}  // namespace minet::audio
