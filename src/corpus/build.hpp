// From sources on disk to a prepared corpus: what all importers share.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "minet/corpus/prepare.hpp"
#include "minet/pose/readers.hpp"

namespace minet::corpus {

// Which voice of a score file that holds a whole piece: part 1 .. parts.
struct ScorePart {
  int part = 1, parts = 1;
};

// Where a track comes from. Everything but `line`, `id`, `group`, `audio` and `pose` may be empty.
struct TrackSource {
  std::size_t line = 0;  // in the user's table, or just a number that orders messages
  std::string id, split, group, instrument;
  std::filesystem::path audio, pose, notes;
  pose::ReadPoseOptions pose_options;
  std::string place = {};  // for messages; empty: "line N"
  std::optional<ScorePart> score_part = std::nullopt;
};

struct RowProblem {
  std::size_t line = 0;
  std::string message;
  std::string place = {};  // as TrackSource's
};

struct BuildJob {
  std::vector<TrackSource> tracks;
  std::vector<RowProblem> problems;        // found before
  std::string importer;                    // "folder": goes into corpus.yaml
  std::string table;                       // for messages: what the line numbers belong to
  std::string unit = "rows";               // for messages: what a table is made of
  bool check_first = false;                // problems found before end it before any track is read
  bool splits_given = false;               // each track has its own, whatever its group's are
  std::vector<std::string> notes = {};     // go into the report
  std::vector<std::string> warnings = {};  // likewise
  Notices notices = {};                    // of tracks
};

PrepareReport build_corpus(const BuildJob& job, const PrepareFolderOptions& options);

}  // namespace minet::corpus
