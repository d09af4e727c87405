// A small corpus of tones and moving players.
#pragma once

#include <filesystem>

namespace minet {

struct SmallCorpus {
  int train_tracks = 4, test_tracks = 3;
  double seconds = 9;
  bool notes = true;
  int last_without_notes = 0;  // this many of the last tracks have none
  bool instruments = false;    // two, in turn
};
// Prepares FOLDER/corpus from recordings in FOLDER/source and returns its path. Each track plays
// its own scale of half-second tones.
std::filesystem::path make_corpus(const std::filesystem::path& folder, const SmallCorpus& options);

}  // namespace minet
