#include "corpus/shards.hpp"

#include "minet/core/csv.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/text.hpp"

namespace minet::corpus {
namespace fs = std::filesystem;
namespace {

constexpr const char* kProblemsFile = "problems.csv";

}  // namespace

BuildJob job_of_shard(const BuildJob& job, const Shard& shard) {
  BuildJob part = job;
  // Neighbours stay together: their keypoints may be in one folder.
  const auto [first, last] = items_of(shard, job.tracks.size());
  part.tracks.assign(job.tracks.begin() + static_cast<std::ptrdiff_t>(first),
                     job.tracks.begin() + static_cast<std::ptrdiff_t>(last));
  for (TrackSource& track : part.tracks) track.split = "train";
  part.splits_given = true;
  return part;
}

void save_shard_files(const fs::path& folder, const PrepareFolderOptions& options,
                      const std::map<std::string, std::string>& problems) {
  std::string table = csv_line({"track", "problem"});
  for (const auto& [track, problem] : problems) table += csv_line({track, problem});
  save_file(folder / kProblemsFile, table);
  save_shard_command(folder, options.arguments);
}

void ReadyTracks::add_shards(const fs::path& out) {
  for (const fs::path& folder : finished_shards(out)) {
    add(folder);
    const CsvTable table = read_csv(folder / kProblemsFile);
    const std::size_t track = table.column("track"), problem = table.column("problem");
    for (const CsvRow& row : table.rows) problems_[row.cells[track]] = row.cells[problem];
  }
}

std::optional<std::pair<const EarlierCorpus*, EarlierTrack>> ReadyTracks::find(
    const std::string& fingerprint) const {
  for (const EarlierCorpus& corpus : corpora_) {
    if (auto found = corpus.find(fingerprint)) return std::pair{&corpus, std::move(*found)};
  }
  return std::nullopt;
}

std::optional<std::string> ReadyTracks::problem_of(const std::string& track) const {
  const auto found = problems_.find(track);
  return found == problems_.end() ? std::nullopt : std::optional(found->second);
}

ShardCommand command_of_shards(const fs::path& out) {
  std::optional<ShardCommand> command;
  for (const fs::path& folder : finished_shards(out)) {
    ShardCommand its = read_shard_command(folder);
    if (command && (command->arguments != its.arguments || command->folder != its.folder)) {
      throw InputError(text(folder.string(),
                            ": expected one command for all shards, got a different one from that "
                            "of the earlier shards; remove the shards that do not belong here, or "
                            "run the command itself with --shard merge"));
    }
    command = std::move(its);
  }
  return *command;
}

}  // namespace minet::corpus
