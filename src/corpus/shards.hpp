// Shards of a corpus (core/shard.hpp). Each is a corpus of some of its tracks, together with a
// problems.csv (track, problem) of those that cannot be used (skip_bad).
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "corpus/build.hpp"
#include "corpus/reuse.hpp"
#include "minet/core/shard.hpp"

namespace minet::corpus {

// The tracks of one shard, all in one split: splits are assigned when the shards are merged.
BuildJob job_of_shard(const BuildJob& job, const Shard& shard);

// Writes them beside a shard's corpus, in `folder`.
void save_shard_files(const std::filesystem::path& folder, const PrepareFolderOptions& options,
                      const std::map<std::string, std::string>& problems);

// The tracks that exist already: those of the shards, and of the corpus itself if it is replaced.
class ReadyTracks {
 public:
  void add(const std::filesystem::path& corpus) { corpora_.emplace_back(corpus); }
  void add_shards(const std::filesystem::path& out);  // InputError: none
  // The first corpus with the track made from this source.
  std::optional<std::pair<const EarlierCorpus*, EarlierTrack>> find(
      const std::string& fingerprint) const;
  std::optional<std::string> problem_of(const std::string& track) const;

 private:
  std::vector<EarlierCorpus> corpora_;
  std::map<std::string, std::string> problems_;  // by track
};

}  // namespace minet::corpus
