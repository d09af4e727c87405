// Opening a prepared corpus and reading its tracks.
#include "minet/corpus/corpus.hpp"

#include "corpus/index.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/text.hpp"

namespace minet::corpus {
namespace {

void require_file(const std::filesystem::path& root, const std::string& relative) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(root / relative, ignored)) return;
  throw InputError(text("the corpus ", root.string(), " should have the file ", relative,
                        ", but it is not there; restore it, or prepare the corpus again"));
}

}  // namespace

Corpus Corpus::open(const std::filesystem::path& root) {
  Index index = read_index(root);
  Corpus corpus;
  corpus.root_ = root;
  corpus.hash_ = std::move(index.hash);
  corpus.source_ = std::move(index.source);
  corpus.fps_ = index.fps;
  corpus.sample_rate_ = index.sample_rate;
  corpus.tracks_.reserve(index.entries.size());
  for (IndexEntry& entry : index.entries) {
    for (const std::string& file : files_of(entry.track)) require_file(root, file);
    corpus.tracks_.push_back(std::move(entry.track));
  }
  return corpus;
}

std::vector<Track> Corpus::tracks_of(std::string_view split) const {
  std::vector<Track> chosen;
  for (const Track& track : tracks_) {
    if (track.split == split) chosen.push_back(track);
  }
  return chosen;
}

std::filesystem::path Corpus::audio_path(const Track& track) const {
  return safe_child(root_, track.id) / "audio.flac";
}

std::filesystem::path Corpus::pose_path(const Track& track) const {
  return safe_child(root_, track.id) / "pose.npy";
}

std::filesystem::path Corpus::notes_path(const Track& track) const {
  return safe_child(root_, track.id) / "notes.csv";
}

audio::Sound Corpus::read_audio(const Track& track) const {
  return audio::read_sound(audio_path(track), sample_rate_);
}

pose::PoseSequence Corpus::read_pose(const Track& track) const {
  return pose::read_pose_npy(pose_path(track), fps_);
}

std::vector<score::Note> Corpus::read_notes(const Track& track) const {
  if (!track.has_notes) return {};
  return score::read_notes(notes_path(track)).notes;
}

}  // namespace minet::corpus
