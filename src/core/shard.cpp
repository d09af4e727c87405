#include "minet/core/shard.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/words.hpp"

namespace minet {
namespace fs = std::filesystem;
namespace {

constexpr const char* kCommandFile = "command.json";
constexpr std::uint64_t kMostBytes = 1 << 20;  // of a command
constexpr std::int64_t kMostShards = 100'000;
constexpr const char* kBetween = "-of-";

fs::path shards_of(fs::path out) {
  if (!out.has_filename()) out = out.parent_path();  // "corpus/"
  out += ".shards";
  return out;
}

std::optional<Shard> read_numbers(const std::string& word, std::size_t at, std::size_t between) {
  if (at == std::string::npos) return std::nullopt;
  const auto number = parse_integer(word.substr(0, at));
  const auto count = parse_integer(word.substr(at + between));
  if (!number || !count || *number < 1 || *number > *count || *count > kMostShards) {
    return std::nullopt;
  }
  return Shard{.number = static_cast<int>(*number), .count = static_cast<int>(*count)};
}

}  // namespace

Shard parse_shard(const std::string& word) {
  if (word == "merge") return {.merge = true};
  const std::optional<Shard> shard = read_numbers(word, word.find('/'), 1);
  if (!shard) {
    throw InputError(text("shard: expected I/N with I from 1 to N, such as 3/8, or merge, got '",
                          printable(word), "'"));
  }
  return *shard;
}

std::string to_text(const Shard& shard) {
  return text(shard.number, "/", shard.count);
}

ItemRange items_of(const Shard& shard, std::size_t items) {
  const auto bound = [&](int number) {
    return items * static_cast<std::size_t>(number) / static_cast<std::size_t>(shard.count);
  };
  return {bound(shard.number - 1), bound(shard.number)};
}

fs::path shard_folder(const fs::path& out, const Shard& shard) {
  return shards_of(out) / text(shard.number, kBetween, shard.count);
}

std::vector<fs::path> finished_shards(const fs::path& out) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(shards_of(out), error)) {
    if (is_finished_shard(entry.path())) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  if (folders.empty()) {
    throw InputError(text("expected finished shards in ", shards_of(out).string(),
                          ", got none; run the command with the option 'shard' and 1/N to N/N "
                          "first"));
  }
  return folders;
}

std::vector<fs::path> all_shards(const fs::path& out) {
  std::map<int, std::map<int, fs::path>> found;  // by count and number
  for (const fs::path& folder : finished_shards(out)) {
    const std::string name = folder.filename().string();
    const auto shard = read_numbers(name, name.find(kBetween), std::string(kBetween).size());
    if (shard) found[shard->count][shard->number] = folder;
  }
  const std::string place = shards_of(out).string();
  if (found.size() != 1) {
    std::vector<std::string> names;
    for (const auto& [count, shards] : found) {
      names.push_back(shards.begin()->second.filename().string());
    }
    throw InputError(text(place, ": expected the shards of one count, got ",
                          names.empty() ? "folders of another name" : join(names, " and "),
                          "; they overlap: remove those that do not belong there"));
  }
  const auto& [count, shards] = *found.begin();
  std::vector<fs::path> folders;
  std::vector<std::string> missing;
  for (int number = 1; number <= count; ++number) {
    const auto shard = shards.find(number);
    if (shard != shards.end()) {
      folders.push_back(shard->second);
    } else {
      missing.push_back(to_text({.number = number, .count = count}));
    }
  }
  if (!missing.empty()) {
    constexpr std::size_t kNamed = 8;
    throw InputError(text(place, ": expected all ", count, " shards, but ", listed(missing, kNamed),
                          missing.size() > 1 ? " are" : " is", " not finished; run ",
                          missing.size() > 1 ? "them" : "it", " first"));
  }
  return folders;
}

bool is_finished_shard(const fs::path& shard) {
  std::error_code error;
  return fs::is_regular_file(shard / kCommandFile, error);
}

void save_shard_command(const fs::path& shard, const std::vector<std::string>& arguments) {
  nlohmann::ordered_json command;
  command["folder"] = fs::current_path().string();
  command["arguments"] = arguments;
  save_file(shard / kCommandFile,
            command.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

ShardCommand read_shard_command(const fs::path& shard) {
  const fs::path path = shard / kCommandFile;
  ShardCommand command;
  try {
    const auto json = nlohmann::json::parse(read_file(path, kMostBytes));
    command.folder = json.at("folder").get<std::string>();
    const auto words = json.at("arguments").get<std::vector<std::string>>();
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (words[i] == "--shard") {
        ++i;  // and its value
      } else if (!words[i].starts_with("--shard=")) {
        command.arguments.push_back(words[i]);
      }
    }
  } catch (const nlohmann::json::exception&) {
    throw InputError(text(path.string(),
                          ": expected the command of a shard, got something else; "
                          "run that shard again"));
  }
  return command;
}

}  // namespace minet
