// Small JSON files: limited in size and depth, and the type of every value is checked.
#include "corpus/solos_files.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/message.hpp"
#include "minet/core/text.hpp"

namespace minet::corpus {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::uint64_t kMaxBytes = 16 << 20;
constexpr int kMaxDepth = 6;
constexpr std::int64_t kMaxRow = 1'000'000'000'000;
constexpr int kSoundDepth = 3;
constexpr std::size_t kMaxSounds = 1'000'000;

Json read_object(const fs::path& path) {
  const std::string bytes = read_file(path, kMaxBytes);
  Json json;
  try {
    json = Json::parse(bytes, [&](int depth, Json::parse_event_t, Json&) {
      if (depth > kMaxDepth) throw InputError(path.string() + " is nested too deeply");
      return true;
    });
  } catch (const Json::exception&) {
    throw InputError(text(path.string(), " is not well-formed JSON; get Solos' file again"));
  }
  if (!json.is_object()) {
    throw InputError(text("expected a JSON object in ", path.string(), ", as Solos has it"));
  }
  return json;
}

// [start, stop) with 0 <= start <= stop.
std::pair<std::int64_t, std::int64_t> read_range(const Json& json, const std::string& where) {
  const auto whole = [](const Json& value) {
    return value.is_number_integer() &&
           (!value.is_number_unsigned() || value.get<std::uint64_t>() <= std::uint64_t{kMaxRow});
  };
  if (json.is_array() && json.size() == 2 && whole(json[0]) && whole(json[1])) {
    const auto start = json[0].get<std::int64_t>(), stop = json[1].get<std::int64_t>();
    if (start >= 0 && start <= stop) return {start, stop};
  }
  throw InputError(text("expected [start, stop] with 0 <= start <= stop in ", where));
}

// Calls take(category, id, value) for {category: {id: value}}.
template <class Take>
void for_each_interval_list(const fs::path& path, const Take& take) {
  const Json json = read_object(path);
  for (const auto& [category, videos] : json.items()) {
    if (!videos.is_object()) {
      throw InputError(text("expected {id: [[start, stop], ...]} under ", excerpt(category), " in ",
                            path.string()));
    }
    for (const auto& [id, intervals] : videos.items()) take(id, intervals);
  }
}

void collect_sounds(const fs::path& folder, int depth, std::vector<fs::path>& sounds) {
  static const std::set<std::string> kNoSound = {".json", ".npy", ".txt", ".csv",  ".vtt", ".srt",
                                                 ".part", ".jpg", ".png", ".webp", ".md",  ""};
  std::error_code error, ignored;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename().string().starts_with('.')) continue;
    if (it->is_directory(ignored)) {
      if (depth > 0) collect_sounds(it->path(), depth - 1, sounds);
    } else if (!kNoSound.contains(lower(it->path().extension().string()))) {
      if (sounds.size() == kMaxSounds) {
        throw InputError(text("expected at most ", kMaxSounds, " files in ", folder.string()));
      }
      sounds.push_back(it->path());
    }
  }
  if (error) {
    throw InputError(text("cannot list the folder ", folder.string(), ": ", error.message()));
  }
}

}  // namespace

SolosIndex read_solos_index(const fs::path& root) {
  SolosIndex index;
  std::map<std::string, std::size_t> place;
  const fs::path ids_path = root / "solos_ids.json";
  const Json categories = read_object(ids_path);
  for (const auto& [category, ids] : categories.items()) {
    if (!ids.is_array()) {
      throw InputError(text("expected a list of video ids under ", excerpt(category), " in ",
                            ids_path.string()));
    }
    for (const Json& id : ids) {
      if (!id.is_string() || !is_safe_name(id.get<std::string>())) {
        throw InputError(text("expected video ids of letters, digits, '-' and '_' under ",
                              excerpt(category), " in ", ids_path.string()));
      }
      if (!place.emplace(id.get<std::string>(), index.videos.size()).second) continue;
      index.videos.push_back({.id = id.get<std::string>(),
                              .category = category,
                              .rows = {0, 0},
                              .intervals = 0,
                              .interval_frames = 0});
    }
  }
  const fs::path dict_path = root / "skeleton_dict.json";
  const Json dict = read_object(dict_path);
  std::int64_t counter = -1;
  for (const auto& [id, rows] : dict.items()) {
    const std::string where = text(dict_path.string(), " for ", excerpt(id));
    if (id == "_counter") {  // the total number of rows, not a video
      if (!rows.is_number_unsigned() || rows.get<std::uint64_t>() > std::uint64_t{kMaxRow}) {
        throw InputError(text("expected the number of rows in ", where));
      }
      counter = rows.get<std::int64_t>();
      continue;
    }
    const auto range = read_range(rows, where);
    index.rows = std::max(index.rows, range.second);
    const auto found = place.find(id);
    if (found != place.end()) index.videos[found->second].rows = range;
  }
  if (counter >= 0) {
    if (counter < index.rows) {
      throw InputError(text("expected no rows beyond _counter (", counter, ") in ",
                            dict_path.string(), ", got ", index.rows, "; get the file again"));
    }
    index.rows = counter;
  }
  const fs::path times_path = root / "solos_timestamps.json";
  for_each_interval_list(times_path, [&](const std::string& id, const Json& intervals) {
    const std::string where = text(times_path.string(), " for ", excerpt(id));
    if (!intervals.is_array()) throw InputError(text("expected [[start, stop], ...] in ", where));
    const auto found = place.find(id);
    for (const Json& interval : intervals) {
      const auto range = read_range(interval, where);
      if (found == place.end()) continue;
      index.videos[found->second].intervals += 1;
      index.videos[found->second].interval_frames += range.second - range.first;
    }
  });
  return index;
}

std::map<std::string, fs::path> sounds_by_name(const fs::path& root) {
  std::error_code ignored;
  if (!fs::is_directory(root, ignored)) {
    throw InputError(text("expected a folder of sound files named <video id>.<extension> at ",
                          root.string(), ", got ",
                          fs::exists(root, ignored) ? "a file" : "nothing there"));
  }
  std::vector<fs::path> sounds;
  collect_sounds(root, kSoundDepth, sounds);
  const auto rank = [](const fs::path& path) {
    static const std::vector<std::string> kEasy = {".wav", ".flac", ".ogg"};
    return std::find(kEasy.begin(), kEasy.end(), lower(path.extension().string())) - kEasy.begin();
  };
  std::sort(sounds.begin(), sounds.end(), [&](const fs::path& a, const fs::path& b) {
    return std::pair(rank(a), a.string()) < std::pair(rank(b), b.string());
  });
  std::map<std::string, fs::path> by_name;
  for (const fs::path& path : sounds) by_name.emplace(path.stem().string(), path);
  return by_name;
}

}  // namespace minet::corpus
