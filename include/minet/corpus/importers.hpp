// Importers of the two data sets that the paper uses: URMP and Solos. What they have in common with
// a table of own recordings, and what they report, is in prepare.hpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "minet/corpus/prepare.hpp"

namespace minet::corpus {

enum class UrmpNotes {
  performed,  // Notes_*.txt: as played, aligned with the sound
  score,      // Sco_*.mid: as written, not aligned
  none,
};

UrmpNotes parse_urmp_notes(std::string_view name);  // InputError lists the names

// URMP (https://labsites.rochester.edu/air/projects/URMP.html; Li et al., arXiv 1612.08727):
//   <NN>_<Title>_<code>_<code>.../   AuSep_<part>_*   Notes_<part>_*.txt   Sco_*.mid
// Files are looked up by part number, and the instrument comes from the folder's codes: part 3 of
// 15_Surprise_tpt_tpt_tbn is a trombone although its files say tpt. Hidden files and
// Supplementary_Files are skipped. URMP has no keypoints: they come from `pose`, in folders named
// like the pieces (or NN_Title):
//   Pose_<part>_*   one player: .npy, .json or a folder of OpenPose files; up to 3 levels deep, or
//   openpose/       OpenPose files of the whole video, also in Pose_<piece> or directly in the
//                   folder: players are told apart from left to right, which is part order. If
//                   more people are seen than there are parts, the longest and largest are taken.
// A composition is a title: pieces with the same title are arrangements of the same tune and
// share takes.
//
// Split: one test track per instrument, no composition on both sides (instrument_split.hpp).
// On the whole of URMP, 149 parts, this gives 124 for training and 13 for testing, and leaves out
// 12 parts of the compositions tested on; the paper's 135 and 13 are not possible without a leak,
// since every composition has several parts. If no instrument can spare a composition, whole
// compositions are drawn as for own recordings. Double stops are kept; sound is cut where the
// keypoints end.
//
// UrmpSplit::paper is the paper's split nevertheless: one track of each instrument for testing, all
// others for training, 136 and 13. The report states how many test tracks leak.
enum class UrmpSplit { leak_free, paper };
UrmpSplit parse_urmp_split(std::string_view name);  // "leak-free", "paper"; InputError otherwise

struct PrepareUrmpOptions {
  std::filesystem::path root, pose, out;
  UrmpNotes notes = UrmpNotes::performed;
  UrmpSplit split = UrmpSplit::leak_free;
  double fps = 30000.0 / 1001;  // of the keypoints
  std::uint64_t seed = 1;
  int threads = 0;
  bool force = false, skip_bad = false;
  pose::GapRule gaps = pose::GapRule::paper;
  Shard shard = {};
  std::vector<std::string> arguments = {};
};

// InputError lists everything that is missing at once; with skip_bad such parts are left out.
PrepareReport prepare_urmp(const PrepareUrmpOptions& options);

// Solos (https://github.com/JuanFMontesinos/Solos): in `root`
//   solos_ids.json         {category: [video id]}
//   solos_timestamps.json  {category: {id: [[start, stop)]}}, frames in which hands are seen
//   skeleton_dict.json     {id: [start, stop)} rows of the array; "_counter" is no video
//   skeleton.npy           float32 [rows, 3, 47], a raw memory map or a true .npy
// and in `audio` the videos' sound as <id>.<any extension>, also in subfolders.
// Whole videos are kept: the intervals of solos_timestamps.json only say where a wrist or a thumb
// has a confidence above 0, and Solos' array is interpolated outside them. Videos without sound
// here, or outside the array, are counted and left out. The split is 9:1 by video.
struct PrepareSolosOptions {
  std::filesystem::path root, audio, out;
  std::filesystem::path skeleton = {};   // default: root/skeleton.npy
  std::int64_t first_row = 0;            // of the whole array: where an excerpt begins
  std::vector<std::string> videos = {};  // ids; empty: all
  double test_share = 0.1;
  std::uint64_t seed = 1;
  int threads = 0;
  bool force = false, skip_bad = false;
  pose::GapRule gaps = pose::GapRule::paper;
  Shard shard = {};
  std::vector<std::string> arguments = {};
};

PrepareReport prepare_solos(const PrepareSolosOptions& options);

}  // namespace minet::corpus
