// Imports a user's recordings into a prepared corpus.
//
// The table of `prepare_folder` is a CSV file with the columns audio and pose, and optionally
//   id           name of the track; default: made from the audio file's name
//   notes        .mid, URMP Notes_*.txt or notes.csv
//   instrument   kept for evaluation, never read by training
//   group        tracks of one group stay in one split; default: rows with the same audio file
//   split        train or test; default: by group, seeded
//   fps          frames per second of the pose, if its format does not tell
//   person       which person of the pose, from 0, left to right
//   pose_format  as in `mi_prepare pose --format`
//   first_frame  the frame number at time 0
//   picture      width and height in pixels, such as 1280x720, for coordinates from 0 to 1
// with paths relative to the table. Other columns are an error: a misspelt one would be ignored.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "minet/core/notices.hpp"
#include "minet/core/shard.hpp"
#include "minet/pose/gaps.hpp"

namespace minet::corpus {

// The command that the shards of `out` were made with, without the shard option. InputError: no
// shards, or not all made with the same command.
ShardCommand command_of_shards(const std::filesystem::path& out);

struct PrepareFolderOptions {
  std::filesystem::path table;
  std::filesystem::path out;
  bool force = false;           // replace an existing `out`; tracks whose files and options
                                // have not changed are reused without reading them again
  bool skip_bad = false;        // leave out tracks that cannot be used instead of failing
  bool keep_level = false;      // no loudness levelling
  double test_share = 0.1;      // of the tracks, for groups without a given split; 0 .. 0.9
  std::uint64_t seed = 1;       // of the split
  int threads = 0;              // 0: one per processor thread; does not affect the result
  double clip_seconds = 4;      // shorter tracks cannot be used
  double gap_confidence = 0.2;  // joints at or below this are gaps
  pose::GapRule gaps = pose::GapRule::paper;
  // A shard prepares some of the tracks; if run again it reuses what it has. Merging takes the
  // tracks from the shards: InputError if one is missing.
  Shard shard = {};
  std::vector<std::string> arguments = {};  // of the program, for command_of_shards()
};

struct PrepareReport {
  std::filesystem::path out;
  Shard shard = {};                // the shard that this is the report of
  std::int64_t reused_tracks = 0;  // from the corpus that was replaced, or from shards
  std::int64_t train_tracks = 0, test_tracks = 0, tracks_with_notes = 0;
  double train_seconds = 0, test_seconds = 0;
  std::string hash;
  std::vector<std::string> skipped;   // with `skip_bad`: "line 4: ..."
  Notices notices;                    // what was noticed, by track; also written to notices.csv
  std::vector<std::string> warnings;  // of the corpus as a whole
  std::vector<std::string> notes;     // decisions of the importer, one sentence each
};

// Reads, levels, cuts and writes every track of the table. InputError lists all bad lines of the
// table in one message; Interrupted after a stop signal. In both cases nothing is written.
PrepareReport prepare_folder(const PrepareFolderOptions& options);

std::string describe(const PrepareReport& report);  // a few lines for people

}  // namespace minet::corpus
