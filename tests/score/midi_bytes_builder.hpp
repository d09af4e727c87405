// Builds MIDI files byte by byte, for tests: also files that no writer would write.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "minet/core/errors.hpp"
#include "support/input_error.hpp"
#include "support/source_folder.hpp"

namespace minet::score::test {

inline std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values) out += static_cast<char>(value);
  return out;
}

inline std::string big(std::uint32_t value, int count) {
  std::string out;
  for (int i = count - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
  return out;
}

inline std::string header(int format, int tracks, int division) {
  return "MThd" + big(6, 4) + big(static_cast<std::uint32_t>(format), 2) +
         big(static_cast<std::uint32_t>(tracks), 2) + big(static_cast<std::uint32_t>(division), 2);
}

inline std::string chunk(const std::string& id, const std::string& body) {
  return id + big(static_cast<std::uint32_t>(body.size()), 4) + body;
}

inline const std::string kEnd = bytes({0x00, 0xFF, 0x2F, 0x00});

inline std::string track(const std::string& events) {
  return chunk("MTrk", events + kEnd);
}

// Middle C for 96 ticks, twice.
inline const std::string kTwoNotes =
    bytes({0x00, 0x90, 60, 64, 0x60, 0x80, 60, 0, 0x00, 0x90, 60, 64, 0x60, 0x80, 60, 0});

inline bool contains(const std::string& message, const std::string& part) {
  return message.find(part) != std::string::npos;
}

inline std::string lines(const std::vector<std::string>& repairs) {
  std::string out;
  for (const auto& line : repairs) out += line + "\n";
  return out;
}

// The shared data folder, or an empty path.
inline std::filesystem::path shared_data() {
  const char* variable = std::getenv("MINET_SHARED_DATA");
  const std::filesystem::path folder =
      variable ? variable : minet::source_folder() / "../shared/data";
  return std::filesystem::is_directory(folder) ? folder : std::filesystem::path();
}

}  // namespace minet::score::test
