// A small corpus of tones and moving players.
#pragma once

#include <filesystem>

namespace minet {

struct SmallCorpus {
  int train_tracks = 4, test_tracks = 3;
  double seconds = 9;
  bool notes = true;
  bool instruments = false;  // two, in turn
};
// Prepares FOLDER/corpus from recordings in FOLDER/source; returns its path. Each track plays its
// own scale of tones of half a second.
std::filesystem::path make_corpus(const std::filesystem::path& folder, const SmallCorpus& options);

}  // namespace minet
