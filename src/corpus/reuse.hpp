// Tracks of an earlier corpus that need not be read again, so that adding one take or correcting
// one label takes seconds.
//
// A corpus has a sources.csv with the columns track, source and content. source is a fingerprint of
// all that made the track: paths, sizes and modification times of its files, the options, the
// version. content is a hash of what was made, so that a track that was damaged since is made
// again. Older corpora lack the column content; their tracks are all read again.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "corpus/build.hpp"
#include "corpus/index.hpp"

namespace minet::corpus {

inline constexpr const char* kSourcesFile = "sources.csv";

std::string fingerprint(const TrackSource& source, const PrepareFolderOptions& options);

// A hash of a track's files, given theirs, and of what tracks.csv says about them; independent of
// the track's name, group and split.
std::string content_of(const IndexEntry& entry, const std::vector<std::string>& hashes);

struct EarlierTrack {
  IndexEntry entry;
  Notices notices;
  std::string content;
  std::vector<std::string> hashes = {};  // of its files
};

class EarlierCorpus {
 public:
  EarlierCorpus() = default;                           // no tracks
  explicit EarlierCorpus(std::filesystem::path root);  // empty if it cannot be read
  // The track made from the same source, if its files are unchanged; warns if they are not.
  std::optional<EarlierTrack> find(const std::string& fingerprint) const;
  // Links or copies its files into `folder`.
  void take_files(const EarlierTrack& track, const std::filesystem::path& folder) const;

 private:
  std::filesystem::path root_;
  std::map<std::string, EarlierTrack> tracks_;  // by fingerprint
};

}  // namespace minet::corpus
