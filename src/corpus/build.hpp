// From sources on disk to a prepared corpus: what all importers share.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "minet/corpus/prepare.hpp"
#include "minet/pose/readers.hpp"

namespace minet::corpus {

// Where a track comes from. Everything but `line`, `id`, `group`, `audio` and `pose` may be empty.
struct TrackSource {
  std::size_t line = 0;  // in the user's table, for messages
  std::string id, split, group, instrument;
  std::filesystem::path audio, pose, notes;
  pose::ReadPoseOptions pose_options;
};

struct RowProblem {
  std::size_t line = 0;
  std::string message;
};

struct BuildJob {
  std::vector<TrackSource> tracks;
  std::vector<RowProblem> problems;  // found before
  std::string importer;              // "folder": goes into corpus.yaml
  std::string table;                 // for messages: what the line numbers belong to
};

PrepareReport build_corpus(const BuildJob& job, const PrepareFolderOptions& options);

}  // namespace minet::corpus
