// How loud a sound is to a listener: integrated loudness after ITU-R BS.1770-4 and EBU R 128
// (K-weighted, gated at -70 LUFS and 10 LU below the mean), by libebur128.
#pragma once

#include <optional>

#include "minet/audio/sound.hpp"

namespace minet::audio {

// LUFS; nothing for a sound that is silent to the gate or shorter than its 0.4 s.
std::optional<double> loudness(const Sound& sound);

}  // namespace minet::audio
