// Shared by the audio tests: test signals, temporary folders, raw WAV bytes, real recordings.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <sstream>
#include <string>
#include <vector>
#include "support/source_folder.hpp"
#include "support/temp_folder.hpp"

namespace minet::audio::testing {

// The same noise as in make_golden.py.
inline std::vector<float> noise(std::size_t count) {
  std::uint32_t state = 1;
  std::vector<float> out(count);
  for (float& value : out) {
    state = 1664525U * state + 1013904223U;
    value = static_cast<float>(state >> 16) / 32768.0F - 1.0F;
  }
  return out;
}

inline std::vector<float> sine(double hertz, int rate, std::size_t count, double amplitude = 0.5) {
  std::vector<float> out(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double phase = 2 * std::numbers::pi * hertz * static_cast<double>(i) / rate;
    out[i] = static_cast<float>(amplitude * std::sin(phase));
  }
  return out;
}

// A bowed-string-like tone: 12 partials with vibrato and a slow swell.
inline std::vector<float> harmonic(int rate, double seconds) {
  const auto count = static_cast<std::size_t>(seconds * rate);
  std::vector<float> out(count);
  double phase = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double time = static_cast<double>(i) / rate;
    phase +=
        2 * std::numbers::pi * (293.66 + 3 * std::sin(2 * std::numbers::pi * 5.5 * time)) / rate;
    double value = 0;
    for (int k = 1; k <= 12; ++k) value += std::sin(k * phase) / k;
    out[i] = static_cast<float>(0.2 * value * (0.6 + 0.4 * std::sin(2 * time)));
  }
  return out;
}

inline double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return INFINITY;
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double d = std::abs(static_cast<double>(a[i]) - b[i]);
    if (!(d <= largest)) largest = d;  // also true for NaN
  }
  return largest;
}

inline void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

inline std::string read_bytes(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return std::move(out).str();
}

// `value` in `count` little-endian bytes.
inline std::string le(std::uint64_t value, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
  return out;
}

inline std::string chunk(const std::string& name, const std::string& content) {
  return name + le(content.size(), 4) + content + std::string(content.size() % 2, '\0');
}

struct WavFormat {
  int tag = 1;
  int channels = 1;
  std::uint32_t rate = 16000;
  int bits = 16;
};

inline std::string fmt_content(const WavFormat& f) {
  const int block = f.channels * f.bits / 8;
  return le(f.tag, 2) + le(f.channels, 2) + le(f.rate, 4) + le(f.rate * block, 4) + le(block, 2) +
         le(f.bits, 2);
}

// WAVE_FORMAT_EXTENSIBLE around a PCM (1) or float (3) sub-format.
inline std::string extensible_content(WavFormat f) {
  const std::string guid_rest("\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71", 14);
  const int tag = f.tag;
  f.tag = 0xfffe;
  return fmt_content(f) + le(22, 2) + le(f.bits, 2) + le((1U << f.channels) - 1, 4) + le(tag, 2) +
         guid_rest;
}

inline std::string riff(const std::string& chunks) {
  return "RIFF" + le(chunks.size() + 4, 4) + "WAVE" + chunks;
}

inline std::string wav(const WavFormat& format, const std::string& data) {
  return riff(chunk("fmt ", fmt_content(format)) + chunk("data", data));
}

// The folder of real recordings: $MINET_SHARED_DATA, or shared/data beside the source folder.
inline std::filesystem::path shared_data() {
  if (const char* set = std::getenv("MINET_SHARED_DATA")) return set;
  return minet::source_folder().parent_path() / "shared" / "data";
}

inline std::filesystem::path golden(const std::string& name) {
  return minet::source_folder() / "tests" / "audio" / "golden" / name;
}

}  // namespace minet::audio::testing
