#include "corpus/reuse.hpp"

#include <algorithm>
#include <system_error>

#include "minet/core/csv.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/hash.hpp"
#include "minet/core/log.hpp"
#include "minet/core/text.hpp"
#include "minet/core/version.hpp"
#include "minet/core/words.hpp"

namespace minet::corpus {
namespace {

namespace fs = std::filesystem;

long long time_of(const fs::path& path) {
  std::error_code error;
  return static_cast<long long>(fs::last_write_time(path, error).time_since_epoch().count());
}

// Path, size and time of a file; for a folder, the number of files, their sizes and latest time.
std::string state_of(const fs::path& path) {
  if (path.empty()) return "-";
  std::error_code error;
  std::uint64_t files = 1, bytes = 0;
  long long latest = time_of(path);
  if (fs::is_directory(path, error)) {
    files = 0;
    for (fs::directory_iterator entry(path, error); !error && entry != fs::directory_iterator();
         entry.increment(error)) {
      std::error_code ignored;
      ++files;
      bytes += entry->is_regular_file(ignored) ? entry->file_size(ignored) : 0;
      latest = std::max(latest, time_of(entry->path()));
    }
  } else {
    bytes = fs::file_size(path, error);
  }
  return text(fs::absolute(path).lexically_normal().string(), '|', files, '|', bytes, '|', latest);
}

template <class Value>
std::string or_none(const std::optional<Value>& value) {
  return value ? text(*value) : "-";
}

}  // namespace

std::string fingerprint(const TrackSource& source, const PrepareFolderOptions& options) {
  const pose::ReadPoseOptions& read = source.pose_options;
  std::string all = text(version(), '\n', kFormatVersion, '\n', options.keep_level, '\n',
                         to_text(options.clip_seconds), '\n', to_text(options.gap_confidence), '\n',
                         static_cast<int>(options.gaps), '\n', static_cast<int>(read.format), '\n',
                         or_none(read.person), '\n', read.fps ? to_text(*read.fps) : "-", '\n',
                         or_none(read.first_frame), '\n');
  if (read.players) all += text("players ", *read.players, '\n');
  if (read.rows) all += text("rows ", read.rows->first, ' ', read.rows->second, '\n');
  if (read.picture) all += text("picture ", read.picture->first, ' ', read.picture->second, '\n');
  if (source.score_part) {
    all += text("part ", source.score_part->part, ' ', source.score_part->parts, '\n');
  }
  for (const fs::path& path :
       {source.audio, source.pose, source.notes, read.names.value_or(fs::path())}) {
    all += state_of(path) + '\n';
  }
  return sha256(all);
}

std::string content_of(const IndexEntry& entry, const std::vector<std::string>& hashes) {
  IndexEntry made = entry;
  made.instrument = made.track.id = made.track.group = made.track.split = "";
  return sha256(tracks_csv({made}) + join(hashes, "\n"));
}

EarlierCorpus::EarlierCorpus(fs::path root) : root_(std::move(root)) {
  std::error_code ignored;
  if (!fs::is_regular_file(root_ / kSourcesFile, ignored)) return;
  try {
    const Index index = read_index(root_);
    const CsvTable sources = read_csv(root_ / kSourcesFile);
    if (!sources.has_column("content")) return;
    const std::size_t track = sources.column("track"), source = sources.column("source");
    const std::size_t content = sources.column("content");
    std::map<std::string, const CsvRow*> row_of;
    for (const CsvRow& row : sources.rows) row_of[row.cells[track]] = &row;
    for (const IndexEntry& entry : index.entries) {
      const auto found = row_of.find(entry.track.id);
      if (found == row_of.end()) continue;
      const auto noticed = index.notices.find(entry.track.id);
      const std::vector<std::string>& cells = found->second->cells;
      tracks_[cells[source]] = {entry, noticed == index.notices.end() ? Notices() : noticed->second,
                                cells[content]};
    }
  } catch (const InputError&) {
    tracks_.clear();  // a damaged corpus is rebuilt
  }
}

std::optional<EarlierTrack> EarlierCorpus::find(const std::string& fingerprint) const {
  const auto found = tracks_.find(fingerprint);
  if (found == tracks_.end()) return std::nullopt;
  EarlierTrack track = found->second;
  try {
    track.hashes = hashes_of(root_, track.entry.track);
    if (content_of(track.entry, track.hashes) == track.content) return track;
  } catch (const InputError&) {  // a missing file
  }
  log::warning(text(shown(root_ / track.entry.track.id),
                    " was changed or damaged since it was prepared, so it is not reused"));
  return std::nullopt;
}

void EarlierCorpus::take_files(const EarlierTrack& track, const fs::path& folder) const {
  for (const std::string& file : files_of(track.entry.track)) {
    const fs::path to = folder / fs::path(file).filename();
    std::error_code error;
    fs::create_hard_link(root_ / file, to, error);
    if (error) fs::copy_file(root_ / file, to);
  }
}

}  // namespace minet::corpus
