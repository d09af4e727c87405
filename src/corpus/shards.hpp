// The shards of a corpus (core/shard.hpp), each of which is a corpus of some of its tracks, with
// problems.csv beside it (track, problem): those that cannot be used (skip_bad).
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

// The tracks of one shard. All are in one split: what split a track is in is decided where they are
// merged.
BuildJob job_of_shard(const BuildJob& job, const Shard& shard);

// Beside a shard's corpus, in `folder`.
void save_shard_files(const std::filesystem::path& folder, const PrepareFolderOptions& options,
                      const std::map<std::string, std::string>& problems);

// What there is of a corpus's tracks: its shards, and the corpus itself where it is replaced.
class ReadyTracks {
 public:
  void add(const std::filesystem::path& corpus) { corpora_.emplace_back(corpus); }
  void add_shards(const std::filesystem::path& out);  // InputError: none
  // The first corpus that has the track that this source made.
  std::optional<std::pair<const EarlierCorpus*, EarlierTrack>> find(
      const std::string& fingerprint) const;
  std::optional<std::string> problem_of(const std::string& track) const;

 private:
  std::vector<EarlierCorpus> corpora_;
  std::map<std::string, std::string> problems_;  // by track
};

}  // namespace minet::corpus
