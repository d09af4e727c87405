// The table of a user's own recordings: one row per track. Columns: minet/corpus/prepare.hpp.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "corpus/build.hpp"

namespace minet::corpus {

struct RecordingTable {
  std::vector<TrackSource> tracks;
  std::vector<RowProblem> problems;  // rows that are not in `tracks`
};

// InputError for problems of the whole table: missing or unknown columns, no rows. Those of single
// rows go to `problems`. Does not open the files themselves.
RecordingTable read_table(const std::filesystem::path& path);

}  // namespace minet::corpus
