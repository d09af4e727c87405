// Clips to see and hear side by side (the paper's figure 6): real, played from the body alone,
// played with the notes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "minet/comparison/tables.hpp"

namespace minet::comparison {

struct ExampleSound {
  std::string name;                // "real"
  std::filesystem::path wav;       // under OUT/sound
  std::vector<std::byte> picture;  // PNG; the pictures of a clip share their reference
};

struct Example {
  std::string track, instrument;  // the latter may be empty
  double start_s = 0;
  std::vector<ExampleSound> sounds;
};

struct ExampleModels {
  std::filesystem::path free;                 // plays from the body alone
  std::optional<std::filesystem::path> told;  // plays with the notes; none: no such sounds
};

// `options.examples` clips of test tracks, of different instruments where there are that many, and
// with notes where a model is given them. Writes the wavs (over earlier ones of the same command).
std::vector<Example> make_examples(const TablesOptions& options, const ExampleModels& models,
                                   std::uint64_t seed);

}  // namespace minet::comparison
