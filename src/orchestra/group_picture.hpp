// All players of a piece in one image, written as OpenPose writes people: one JSON file per frame
// with BODY_25 and hands. Source: OpenPose's output format
// (https://github.com/CMU-Perceptual-Computing-Lab/openpose/blob/master/doc/02_output.md).
// Omitted: heads and legs (0, 0, 0), faces, and people who are not players.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "minet/core/npy.hpp"
#include "orchestra/body.hpp"

namespace minet::orchestra {

struct Frame {
  int place = 0, players = 1;  // from the left
};
// The player, smaller and in their place among the others; unchanged if alone.
Player placed(Player player, const Frame& frame);

// `group`: [frames, 47, 3] of each player, left to right. Now and then a player is missing, and in
// some frames the order of people differs.
void write_openpose(const std::filesystem::path& folder, const std::string& name,
                    const std::vector<FloatArray>& group, std::uint64_t seed);

}  // namespace minet::orchestra
