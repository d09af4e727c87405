// Tracks of an earlier corpus that need not be read again, so that adding one take or correcting
// one label takes seconds.
//
// A corpus has a sources.csv with the columns track and source; the latter is a fingerprint of all
// that made the track: paths, sizes and modification times of its files, the options, the version.
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
  EarlierCorpus() = default;                           // no tracks
  explicit EarlierCorpus(std::filesystem::path root);  // empty if it cannot be read
  // The track made from the same source, if all its files exist.
  std::optional<EarlierTrack> find(const std::string& fingerprint) const;
  // Links or copies its files into `folder`.
  void take_files(const EarlierTrack& track, const std::filesystem::path& folder) const;

 private:
  std::filesystem::path root_;
  std::map<std::string, EarlierTrack> tracks_;  // by fingerprint
};

}  // namespace minet::corpus
