// Keypoints as a detector outputs them: with noise, confidences and gaps.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "orchestra/body.hpp"

namespace minet::orchestra {

inline constexpr int kPictureWidth = 1920, kPictureHeight = 1080;
inline constexpr double kFps = 30000.0 / 1001;  // 29.97, as in URMP's videos

// [frames, 47, 3] = x, y (pixels), confidence; a gap is 0, 0, 0.
std::vector<float> detect(const Posture& posture,
                          const std::vector<std::array<Pixel, pose::kJoints>>& frames,
                          std::uint64_t seed);

}  // namespace minet::orchestra
