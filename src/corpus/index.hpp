// The index of a prepared corpus: corpus.yaml and tracks.csv, read and written.
// The only place, besides the table of a user's recordings, that knows the instrument column.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "minet/core/notices.hpp"
#include "minet/corpus/corpus.hpp"

namespace minet::corpus {

inline constexpr int kSampleRate = 16000;  // Hz
inline constexpr double kFps = 25;         // pose frames per second
inline constexpr std::int64_t kSamplesPerPoseFrame = 640;

inline constexpr const char* kCorpusFile = "corpus.yaml";
inline constexpr const char* kTracksFile = "tracks.csv";
inline constexpr const char* kNoticesFile = "notices.csv";
inline constexpr std::uint64_t kMaxTracksCsv = 256 << 20;  // bytes

struct IndexEntry {
  Track track;
  std::string instrument;  // empty: unknown
  double gain_db = 0;
};

struct Index {
  std::string source, hash;
  int sample_rate = kSampleRate;
  double fps = kFps;
  std::vector<IndexEntry> entries;
  std::map<std::string, Notices> notices = {};  // by track id
};

// InputError: not a corpus, a different version, a malformed table. Does not open track files.
Index read_index(const std::filesystem::path& root);

std::string tracks_csv(const std::vector<IndexEntry>& entries);
std::string notices_csv(const Index& index);
std::string corpus_yaml(const Index& index);

// The track files of an entry, relative to the root, in the order in which they are hashed.
std::vector<std::string> files_of(const Track& track);

// The SHA-256 of each of them. InputError: one is missing.
std::vector<std::string> hashes_of(const std::filesystem::path& root, const Track& track);

// The line that `sha256sum` prints for a file.
std::string hash_line(const std::string& hash, const std::string& relative_path);
// Those of all files of a track.
std::string hash_lines(const Track& track, const std::vector<std::string>& hashes);

// The content hash: over tracks.csv's line and the lines of all tracks' files, in order.
std::string content_hash(const std::string& tracks_csv_text,
                         const std::vector<std::string>& lines_of_tracks);

}  // namespace minet::corpus
