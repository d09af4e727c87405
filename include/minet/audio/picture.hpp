// Draws a spectrogram: time to the right, low frequencies at the bottom, loud is bright.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "minet/audio/spectrogram.hpp"

namespace minet::audio {

struct PictureOptions {
  int width = 480, height = 128;  // pixels
  int sample_rate = 16000;        // Hz
  double top_hz = 4000;           // upper edge; at most half of sample_rate
  double range_db = 70;           // below the reference: black
  // The magnitude shown brightest; unset: the spectrogram's largest. Images to be compared should
  // share it.
  std::optional<float> reference = std::nullopt;
};

// Linear magnitudes [T, F], bin f at f * sample_rate / (2 F) Hz -> a PNG file. Each pixel shows the
// maximum over the area it covers. InputError for an empty spectrogram or options out of range.
std::vector<std::byte> spectrogram_png(const Spectrogram& magnitudes,
                                       const PictureOptions& options = {});

}  // namespace minet::audio
