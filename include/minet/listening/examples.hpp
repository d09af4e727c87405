// Examples to see and hear: what models play for given players, as one page that works from disk.
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
  std::int64_t tracks = 4;          // of different instruments, as far as labels exist
  std::vector<std::string> chosen;  // ids of tracks; `split` and `tracks` are then ignored
  std::vector<std::filesystem::path> players;  // keypoints of any format, without a recorded sound
  std::filesystem::path out = {};              // new folder: index.html, sound/*.flac
  double seconds = 8;                          // of each player, from the start, at most
  std::int64_t iterations = 16;                // of phase reconstruction
  std::uint64_t seed = 1;
  generation::SamplingChoice sampling = {};  // unset options follow each model's configuration
  std::string title = "Players and what models make of them";
  std::string device = "cpu";
  int threads = 0;
  bool force = false;  // replace `out`
};

// For each player the page has the recorded sound, if there is one, and per model what it plays
// from the keypoints alone and, if it takes notes and the track has some, with them. It shows
// spectrograms and the player's movements, in sync with the sound, and loads no other files.
// Keys: page; players: an array of name, instrument (if known), seconds and sounds: an array of
// name, model ("" for the recording), notes_given and file. InputError: no model, neither a corpus
// nor players, no such track, a split without tracks.
evaluation::EvalResult make_examples(const ExamplesOptions& options);

}  // namespace minet::listening
