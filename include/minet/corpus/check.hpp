// Checks whether a prepared corpus is fit for training, and reports what its owner should know.
//
// Reads every file once. Problems make a corpus unusable (damaged or missing files, nothing to
// train on, the same material on both sides of the split); warnings deserve a look (long
// silences, clipping, joints that are never seen, hands out of sync with the sound).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "minet/core/notices.hpp"

namespace minet::corpus {

struct SplitSummary {
  std::string split;
  std::int64_t tracks = 0, tracks_with_notes = 0;
  double seconds = 0;
  double silent_share = 0;   // share of 50 ms frames with an RMS below -60 dBFS
  double clipped_share = 0;  // share of samples at full scale
  double gap_share = 0;      // share of joint positions
};

struct InstrumentSummary {
  std::string instrument;  // empty: unknown
  double train_seconds = 0, test_seconds = 0;
};

struct TrackSummary {
  std::string id, split, instrument, group;
  double seconds = 0;
  double silent_share = 0, clipped_share = 0, gap_share = 0;  // as in SplitSummary
  double drift_s = 0;           // between the lengths of audio and pose
  std::optional<double> lag_s;  // by which the hands trail the sound; unset if they cannot tell
  bool readable = false;        // both sound and keypoints could be read
};

// Two tracks made from the same recording, however it was cut, levelled or compressed.
struct SharedSound {
  std::string first, second;  // ids
  double offset_s = 0;        // time t in `first` corresponds to t + offset in `second`
  double correlation = 0;     // of the waveforms, 0..1
  bool leak = false;          // one is in the training split, the other in the test split
};

struct CheckReport {
  std::filesystem::path root;
  std::string hash;    // as in corpus.yaml
  std::string source;  // the importer
  std::vector<SplitSummary> splits;
  std::vector<InstrumentSummary> instruments;  // by name
  std::vector<TrackSummary> tracks;            // in the corpus's order
  std::int64_t groups = 0;
  double longest_drift_s = 0;  // largest difference between a track's audio and pose lengths
  std::vector<std::string> joints_never_seen;  // seen in no track
  std::vector<SharedSound> shared_sounds;      // without those that have identical samples
  std::vector<std::string> problems;           // each makes the corpus unusable
  std::vector<std::string> warnings;
  // What the readers noticed when the corpus was made; `where` is the track. Warnings among them
  // are in `warnings` too.
  Notices notices;
  bool usable() const { return problems.empty(); }
};

struct CheckOptions {
  double clip_seconds = 4;
  int threads = 0;  // 0: one per processor thread
};

// InputError if `root` is not a corpus of this format version.
CheckReport check(const std::filesystem::path& root, const CheckOptions& options = {});

std::string describe(const CheckReport& report);  // a table and a verdict, for people
std::string to_json(const CheckReport& report);   // one object

// One self-contained HTML page, with a skeleton strip and a spectrogram for each track; reads the
// corpus again to draw them.
std::string check_page(const CheckReport& report, int threads = 0);

}  // namespace minet::corpus
