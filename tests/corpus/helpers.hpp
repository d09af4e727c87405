// Small recordings for the tests of this room: sine tones and a waving player.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "minet/audio/sound.hpp"
#include "minet/core/errors.hpp"
#include "minet/pose/pose.hpp"
#include "support/input_error.hpp"
#include "support/temp_folder.hpp"

namespace minet::corpus {

audio::Sound tone(double seconds, double hz = 440, double amplitude = 0.3);
pose::PoseSequence waving_player(std::int64_t frames);

void write_text(const std::filesystem::path& path, const std::string& content);
std::string read_text(const std::filesystem::path& path);

// NAME.wav and NAME.npy of the given lengths in `folder`.
void write_recording(const std::filesystem::path& folder, const std::string& name, double seconds,
                     double hz = 440);

// The real data beside the source folder, or empty.
std::filesystem::path shared_data();

}  // namespace minet::corpus

#define EXPECT_CONTAINS(whole, part) \
  EXPECT_NE(std::string(whole).find(part), std::string::npos) << "in: " << (whole)
