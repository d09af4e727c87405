// Reading and writing OUT.json (see minet/generation/generate.hpp).
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "minet/audio/inversion.hpp"

namespace minet::generation {

struct Sidecar {
  std::string model, model_sha256;
  std::string version, torch, device, capability;
  int threads = 1;
  audio::PhaseStart phase_start = audio::PhaseStart::gradient;
  std::int64_t iterations = 0;
  std::uint64_t inversion_seed = 0;
  double gain_db = 0;  // applied to the model's sound
  int bits = 16;
  std::vector<std::int64_t> codes;
  std::vector<float> body;        // plus: h, with which the codes are played; otherwise empty
  nlohmann::ordered_json inputs;  // pose, notes, seconds, seed, sampling: for people and scripts
};

std::string to_json(const Sidecar& sidecar);
Sidecar read_sidecar(const std::filesystem::path& path);  // InputError

}  // namespace minet::generation
