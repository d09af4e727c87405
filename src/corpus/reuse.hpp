// Tracks of an earlier corpus that need not be read again, so that one take can be added or one
// label mended in seconds.
//
// sources.csv of a corpus: track, source; the second is a fingerprint of everything that made the
// track: its files' paths, sizes and times of change, the options, and minet's version.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "corpus/build.hpp"
#include "corpus/index.hpp"

namespace minet::corpus {

inline constexpr const char* kSourcesFile = "sources.csv";

std::string fingerprint(const TrackSource& source, const PrepareFolderOptions& options);

struct EarlierTrack {
  IndexEntry entry;
  Notices notices;
};

class EarlierCorpus {
 public:
  EarlierCorpus() = default;                           // none
  explicit EarlierCorpus(std::filesystem::path root);  // empty where it cannot be read
  // The track that the same source made, if its files are all there.
  std::optional<EarlierTrack> find(const std::string& fingerprint) const;
  // Its files, linked or copied into `folder`.
  void take_files(const EarlierTrack& track, const std::filesystem::path& folder) const;

 private:
  std::filesystem::path root_;
  std::map<std::string, EarlierTrack> tracks_;  // by fingerprint
};

}  // namespace minet::corpus
