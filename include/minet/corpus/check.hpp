// Is a prepared corpus fit for training, and what should its owner know?
//
// Reads every file once. Problems make a corpus unusable (damaged or missing files, nothing to
// train on, the same material on both sides of the split); warnings are worth a look (long
// silences, clipping, joints that were never seen, hands out of step with the sound).
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
  double silent_share = 0;   // of 50 ms frames with an RMS under -60 dBFS
  double clipped_share = 0;  // of samples at full scale
  double gap_share = 0;      // of joint positions
};

struct InstrumentSummary {
  std::string instrument;  // empty: not known
  double train_seconds = 0, test_seconds = 0;
};

struct TrackSummary {
  std::string id, split, instrument, group;
  double seconds = 0;
  double silent_share = 0, clipped_share = 0, gap_share = 0;  // as SplitSummary's
  double drift_s = 0;           // between the lengths of audio and pose
  std::optional<double> lag_s;  // of the hands behind the sound; unset where they tell nothing
  bool readable = false;        // both sound and keypoints
};

// Two tracks with the same recording, however it was cut, levelled or compressed.
struct SharedSound {
  std::string first, second;  // ids
  double offset_s = 0;        // what sounds at t in `first` sounds at t + offset in `second`
  double correlation = 0;     // of the waveforms, 0..1
  bool leak = false;          // one is for training, the other for testing
};

struct CheckReport {
  std::filesystem::path root;
  std::string hash;    // as corpus.yaml says
  std::string source;  // the importer
  std::vector<SplitSummary> splits;
  std::vector<InstrumentSummary> instruments;  // by name
  std::vector<TrackSummary> tracks;            // in the corpus's order
  std::int64_t groups = 0;
  double longest_drift_s = 0;  // largest difference between a track's audio and pose lengths
  std::vector<std::string> joints_never_seen;  // in no track
  std::vector<SharedSound> shared_sounds;      // those with equal samples not among them
  std::vector<std::string> problems;           // each makes the corpus unusable
  std::vector<std::string> warnings;
  // What the readers noticed when the corpus was made, `where` is the track; those that are
  // warnings are among the warnings too.
  Notices notices;
  bool usable() const { return problems.empty(); }
};

struct CheckOptions {
  double clip_seconds = 4;
  int threads = 0;  // 0: as many as the processor has
};

// InputError if `root` is not a corpus of this format version.
CheckReport check(const std::filesystem::path& root, const CheckOptions& options = {});

std::string describe(const CheckReport& report);  // a table and a verdict, for people
std::string to_json(const CheckReport& report);   // one object

// One HTML page that needs nothing else, with a skeleton strip and a spectrogram for each track;
// reads the corpus again for them.
std::string check_page(const CheckReport& report, int threads = 0);

}  // namespace minet::corpus
