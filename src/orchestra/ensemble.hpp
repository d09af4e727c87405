// One piece: its players, their sound and keypoints, as a folder with URMP's file names.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "minet/orchestra/orchestra.hpp"
#include "orchestra/instruments.hpp"
#include "orchestra/pieces.hpp"
#include "orchestra/sound.hpp"
#include "orchestra/tune.hpp"

namespace minet::orchestra {

struct PlayedPart {
  const Instrument* instrument = nullptr;
  std::uint64_t seed = 0;  // of the player and the take
  Tune tune;
  std::string name;  // P_code_NN_Title
};

// Composes and performs the parts; makes no sound yet.
std::vector<PlayedPart> rehearse(const Piece& piece, const OrchestraOptions& options);

// `folder` is the piece's own, and empty.
void make_piece(const Piece& piece, std::vector<PlayedPart>& parts, const OrchestraOptions& options,
                const std::optional<Sampler>& sampler, const std::filesystem::path& folder);

}  // namespace minet::orchestra
