// Perceived loudness: integrated loudness after ITU-R BS.1770-4 and EBU R 128 (K-weighted, gated at
// -70 LUFS and 10 LU below the mean), by libebur128.
#pragma once

#include <optional>

#include "minet/audio/sound.hpp"

namespace minet::audio {

// LUFS; nullopt if the sound stays below the gate or is shorter than the gate's 0.4 s blocks.
std::optional<double> loudness(const Sound& sound);

}  // namespace minet::audio
