// A film again with the player's skeleton drawn over it: where keypoints were found and where not.
#pragma once

#include <filesystem>

#include "minet/pose/pose.hpp"

namespace minet::video {

// `filled`: one frame for each of the film's pictures, gaps filled; joints with a confidence of at
// most pose::kGapConfidence were filled in, and are drawn hollow, their bones thin and grey.
// H.264 and the film's sound, upright, on the film's clock: constant rates stay, variable ones
// become 60 pictures a second. Whole or absent; needs ffmpeg.
void make_overlay(const std::filesystem::path& film, const pose::RawPose& filled,
                  const std::filesystem::path& output, bool replace = false);

}  // namespace minet::video
