// From sources on disk to a prepared corpus: the part that all importers share.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "minet/corpus/prepare.hpp"
#include "minet/pose/readers.hpp"

namespace minet::corpus {

// One voice of a score file that contains a whole piece: part 1 .. parts.
struct ScorePart {
  int part = 1, parts = 1;
};

// The sources of a track. All but `line`, `id`, `group`, `audio` and `pose` may be empty.
struct TrackSource {
  std::size_t line = 0;  // in the user's table, or any number that orders messages
  std::string id, split, group, instrument;
  std::filesystem::path audio, pose, notes;
  pose::ReadPoseOptions pose_options;
  std::string place = {};  // for messages; empty: "line N"
  std::optional<ScorePart> score_part = std::nullopt;
};

struct RowProblem {
  std::size_t line = 0;
  std::string message;
  std::string place = {};  // as in TrackSource
};

struct BuildJob {
  std::vector<TrackSource> tracks;
  std::vector<RowProblem> problems;        // found earlier
  std::string importer;                    // such as "folder"; stored in corpus.yaml
  std::string table;                       // for messages: the table that line numbers refer to
  std::string unit = "rows";               // for messages: what the table consists of
  bool check_first = false;                // fail on earlier problems before reading any track
  bool splits_given = false;               // each track has its own split, independent of its group
  std::vector<std::string> notes = {};     // for the report
  std::vector<std::string> warnings = {};  // likewise
  Notices notices = {};                    // of tracks
};

PrepareReport build_corpus(const BuildJob& job, const PrepareFolderOptions& options);

}  // namespace minet::corpus
