// Clips to see and hear side by side (the paper's figure 6): real, generated from the body alone,
// generated with the notes.
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
  std::vector<std::byte> picture;  // PNG; the images of a clip share their reference
};

struct Example {
  std::string track, instrument;  // the latter may be empty
  double start_s = 0;
  std::vector<ExampleSound> sounds;
};

struct ExampleModels {
  std::filesystem::path free;                 // plays from the body alone
  std::optional<std::filesystem::path> told;  // plays with the notes; nullopt: no such sounds
};

// `options.examples` clips of test tracks, of different instruments if there are that many, and
// with notes if a model takes them. Writes the wavs, overwriting earlier ones of this command.
std::vector<Example> make_examples(const TablesOptions& options, const ExampleModels& models,
                                   std::uint64_t seed);

}  // namespace minet::comparison
