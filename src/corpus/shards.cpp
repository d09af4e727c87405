#include "corpus/shards.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "minet/core/csv.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/text.hpp"

namespace minet::corpus {
namespace fs = std::filesystem;
namespace {

constexpr const char* kProblemsFile = "problems.csv";
constexpr const char* kCommandFile = "command.json";

fs::path shards_of(fs::path out) {
  if (!out.has_filename()) out = out.parent_path();  // "corpus/"
  out += ".shards";
  return out;
}

// Folders of finished shards, by name.
std::vector<fs::path> finished_shards(const fs::path& out) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(shards_of(out), error)) {
    if (fs::is_regular_file(entry.path() / kCommandFile, error)) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  if (folders.empty()) {
    throw InputError(text("expected finished shards in ", shards_of(out).string(),
                          ", got none; run mi_prepare with --shard 1/N to N/N first"));
  }
  return folders;
}

}  // namespace

Shard parse_shard(const std::string& word) {
  if (word == "merge") return {.merge = true};
  const std::size_t slash = word.find('/');
  const auto number = parse_integer(word.substr(0, slash));
  const auto count =
      slash == std::string::npos ? std::nullopt : parse_integer(word.substr(slash + 1));
  constexpr std::int64_t kMost = 100000;
  if (!number || !count || *number < 1 || *number > *count || *count > kMost) {
    throw InputError(text("shard: expected I/N with I from 1 to N, such as 3/8, or merge, got '",
                          printable(word), "'"));
  }
  return {.number = static_cast<int>(*number), .count = static_cast<int>(*count)};
}

fs::path shard_folder(const fs::path& out, const Shard& shard) {
  return shards_of(out) / text(shard.number, "-of-", shard.count);
}

BuildJob job_of_shard(const BuildJob& job, const Shard& shard) {
  BuildJob part = job;
  // Neighbours stay together: they may have their keypoints from one folder.
  const auto bound = [&](int number) {
    return static_cast<std::ptrdiff_t>(job.tracks.size()) * number / shard.count;
  };
  part.tracks.assign(job.tracks.begin() + bound(shard.number - 1),
                     job.tracks.begin() + bound(shard.number));
  for (TrackSource& track : part.tracks) track.split = "train";
  part.splits_given = true;
  return part;
}

void save_shard_files(const fs::path& folder, const PrepareFolderOptions& options,
                      const std::map<std::string, std::string>& problems) {
  std::string table = csv_line({"track", "problem"});
  for (const auto& [track, problem] : problems) table += csv_line({track, problem});
  save_file(folder / kProblemsFile, table);
  nlohmann::ordered_json command;
  command["folder"] = fs::current_path().string();
  command["arguments"] = options.arguments;
  save_file(folder / kCommandFile,
            command.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
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

ShardCommand read_shard_command(const fs::path& out) {
  constexpr std::uint64_t kMostBytes = 1 << 20;
  std::optional<ShardCommand> command;
  for (const fs::path& folder : finished_shards(out)) {
    const fs::path path = folder / kCommandFile;
    ShardCommand its;
    try {
      const auto json = nlohmann::json::parse(read_file(path, kMostBytes));
      its.folder = json.at("folder").get<std::string>();
      const auto words = json.at("arguments").get<std::vector<std::string>>();
      for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == "--shard") {
          ++i;  // and its value
        } else if (!words[i].starts_with("--shard=")) {
          its.arguments.push_back(words[i]);
        }
      }
    } catch (const nlohmann::json::exception&) {
      throw InputError(text(path.string(),
                            ": expected the command of a shard, got something else; "
                            "run that shard again"));
    }
    if (command && (command->arguments != its.arguments || command->folder != its.folder)) {
      throw InputError(text(path.string(),
                            ": expected one command for all shards, got another one "
                            "than that of the shards before; remove the shards that do not "
                            "belong here, or merge with --shard merge and the command itself"));
    }
    command = its;
  }
  return *command;
}

}  // namespace minet::corpus
