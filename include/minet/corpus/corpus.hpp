// The prepared corpus: a folder in which a person can open every file.
//
//   corpus.yaml        format_version, source, sample_rate (Hz), fps, hash
//   tracks.csv         id, split (train or test), instrument, group, seconds, frames, gap_share,
//                      gain_db, notes (0 or 1); one row per track
//   notices.csv        track, kind, frames, sentence: what was noticed when the sources were read
//                      (core/notices.hpp); not part of the hash, as it changes no sample
//   sources.csv        track, source: a fingerprint of the files that the track was made from,
//                      content: a hash of what was made, so that an unchanged and undamaged track
//                      need not be read again; not part of the hash either
//   <id>/audio.flac    16 kHz mono, 16 bit
//   <id>/pose.npy      float32 [frames, 47, 3] = x, y in source pixels, confidence; gaps filled
//   <id>/notes.csv     onset_s, duration_s, pitch (MIDI number); only where notes = 1
//
// `hash` is the SHA-256 of what `sha256sum` prints for tracks.csv and then, track by track, for
// audio.flac, pose.npy and notes.csv. A track's audio and pose have the same length.
// Track deliberately lacks the instrument: corpus/instruments.hpp reads it, for evaluation only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "minet/audio/sound.hpp"
#include "minet/pose/pose.hpp"
#include "minet/score/notes.hpp"

namespace minet::corpus {

inline constexpr int kFormatVersion = 1;

struct Track {
  std::string id;  // also the name of its folder
  std::string split;
  std::string group;  // tracks of one group (a take, a composition) share a split
  double seconds = 0;
  std::int64_t pose_frames = 0;
  double gap_share = 0;  // share of the joint positions in pose.npy that were filled in
  bool has_notes = false;
};

class Corpus {
 public:
  // InputError: not a corpus, a different format version, a malformed table, missing files. The
  // content hash is not verified, since that means reading every file: `check` does it.
  static Corpus open(const std::filesystem::path& root);

  const std::vector<Track>& tracks() const& { return tracks_; }
  std::vector<Track> tracks() && {
    return std::move(tracks_);
  }  // for (… : Corpus::open(p).tracks())
  std::vector<Track> tracks_of(std::string_view split) const;
  const std::string& hash() const { return hash_; }
  const std::string& source() const { return source_; }  // the importer: "folder"
  double fps() const { return fps_; }
  int sample_rate() const { return sample_rate_; }
  const std::filesystem::path& root() const { return root_; }

  std::filesystem::path audio_path(const Track& track) const;
  std::filesystem::path pose_path(const Track& track) const;
  std::filesystem::path notes_path(const Track& track) const;
  audio::Sound read_audio(const Track& track) const;
  pose::PoseSequence read_pose(const Track& track) const;         // not normalised
  std::vector<score::Note> read_notes(const Track& track) const;  // empty if it has none

 private:
  Corpus() = default;
  std::filesystem::path root_;
  std::string hash_, source_;
  double fps_ = 0;
  int sample_rate_ = 0;
  std::vector<Track> tracks_;
};

}  // namespace minet::corpus
