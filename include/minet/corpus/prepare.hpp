// Importers: a user's recordings -> a prepared corpus.
//
// The table of `prepare_folder` is a CSV file with the columns audio and pose, and optionally
//   id           name of the track; default: made from the audio file's name
//   notes        .mid, URMP Notes_*.txt or notes.csv
//   instrument   kept for evaluation, never read in training
//   group        tracks of one group stay in one split; default: rows with the same audio file
//   split        train or test; default: by group, seeded
//   fps          frames a second of the pose, where its format does not say it
//   person       which person of the pose, from 0, left to right
//   pose_format  as `mi_prepare pose --format`
//   first_frame  the frame number at time 0
//   picture      width and height in pixels, such as 1280x720, for coordinates from 0 to 1
// with paths relative to the table. Further columns are an error: a misspelt one would be ignored.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "minet/core/notices.hpp"
#include "minet/core/shard.hpp"
#include "minet/pose/gaps.hpp"

namespace minet::corpus {

// What the shards of `out` were made with, but for the shard itself. InputError: no shards, or not
// one command.
ShardCommand command_of_shards(const std::filesystem::path& out);

struct PrepareFolderOptions {
  std::filesystem::path table;
  std::filesystem::path out;
  bool force = false;       // replace an existing `out`; its tracks whose files and options have
                            // not changed are taken over and not read again
  bool skip_bad = false;    // leave out tracks that cannot be used instead of failing
  bool keep_level = false;  // no loudness levelling
  double test_share = 0.1;  // of the tracks, for groups whose split is not given; 0 .. 0.9
  std::uint64_t seed = 1;   // of the split
  int threads = 0;          // 0: as many as the processor has; the result does not depend on it
  double clip_seconds = 4;  // shorter tracks cannot be used
  double gap_confidence = 0.2;  // at or below: a gap
  pose::GapRule gaps = pose::GapRule::paper;
  // One shard prepares some of the tracks; one that is run again takes over what it has. Merging
  // takes the tracks that are there: InputError where one is not.
  Shard shard = {};
  std::vector<std::string> arguments = {};  // of the program, for command_of_shards()
};

struct PrepareReport {
  std::filesystem::path out;
  Shard shard = {};                // whose report this is
  std::int64_t reused_tracks = 0;  // taken over from the corpus that was replaced, or from shards
  std::int64_t train_tracks = 0, test_tracks = 0, tracks_with_notes = 0;
  double train_seconds = 0, test_seconds = 0;
  std::string hash;
  std::vector<std::string> skipped;   // with `skip_bad`: "line 4: ..."
  Notices notices;                    // what was noticed, by track; also written to notices.csv
  std::vector<std::string> warnings;  // of the corpus as a whole
  std::vector<std::string> notes;     // what an importer decided, a sentence each
};

// Reads, levels, cuts and writes every track of the table. InputError lists every bad line of the
// table at once, and then nothing is written; Interrupted after a stop signal, likewise.
PrepareReport prepare_folder(const PrepareFolderOptions& options);

std::string describe(const PrepareReport& report);  // a few lines for people

}  // namespace minet::corpus
