// Examples to see and hear: what models make of players, as one page that works from disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "minet/evaluation/evaluation.hpp"

namespace minet::listening {

struct ExamplesOptions {
  std::vector<std::filesystem::path> models;  // run folders, or folders with model.safetensors
  std::optional<std::filesystem::path> corpus = std::nullopt;  // prepared
  std::string split = "test";                                  // "" for every track
  std::int64_t tracks = 4;          // of different instruments, as far as there are labels
  std::vector<std::string> chosen;  // ids of tracks; then `split` and `tracks` do not count
  std::vector<std::filesystem::path> players;  // keypoints of any format, without a recorded sound
  std::filesystem::path out = {};              // new folder: index.html, sound/*.flac
  double seconds = 8;                          // of each player, from the start; at most
  std::int64_t iterations = 16;                // of phase reconstruction
  std::uint64_t seed = 1;
  generation::SamplingChoice sampling = {};  // where not as each model's configuration says
  std::string title = "Players and what models make of them";
  std::string device = "cpu";
  int threads = 0;
  bool force = false;  // replace `out`
};

// Each player has the recorded sound, where there is one, and of each model what it plays from the
// keypoints alone and, where it takes notes and the track has some, with them. The page has sound,
// spectrogram and the player's movements, which go with the sound; it loads nothing.
// Keys: page; players: an array of name, instrument (where known), seconds and sounds: an array of
// name, model ("" for the recording), notes_given and file. InputError: no model, neither a corpus
// nor players, no such track, a split without tracks.
evaluation::EvalResult make_examples(const ExamplesOptions& options);

}  // namespace minet::listening
