// The table of a user's own recordings: one row a track. Columns: include/minet/corpus/prepare.hpp.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "corpus/build.hpp"

namespace minet::corpus {

struct RecordingTable {
  std::vector<TrackSource> tracks;
  std::vector<RowProblem> problems;  // rows that were left out of `tracks`
};

// InputError for what concerns the whole table: missing or unknown columns, no rows. What is wrong
// in single rows goes to `problems`. The files themselves are not opened.
RecordingTable read_table(const std::filesystem::path& path);

}  // namespace minet::corpus
