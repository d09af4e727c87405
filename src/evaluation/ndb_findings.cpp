#include "evaluation/ndb_findings.hpp"

#include <algorithm>
#include <utility>

#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/text.hpp"

namespace minet::evaluation {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "minet ndb shard 1";
constexpr std::uint64_t kMostBytes = 256 << 20;
constexpr std::size_t kHashShown = 12;

Json as_json(const BinnedClips& clips) {
  return {{"bins", clips.bins}, {"tracks", clips.tracks}};
}

BinnedClips clips_from(const Json& json, std::int64_t bins) {
  BinnedClips clips{.bins = json.at("bins").get<std::vector<std::int64_t>>(),
                    .tracks = json.at("tracks").get<std::vector<std::int64_t>>()};
  const bool known = std::all_of(clips.bins.begin(), clips.bins.end(),
                                 [&](std::int64_t bin) { return bin >= 0 && bin < bins; });
  if (clips.bins.size() != clips.tracks.size() || !known) throw InputError("clips that do not fit");
  return clips;
}

// The parts of the bins that the metrics need.
Json as_json(const NdbBins& bins, const std::string& centres_hash) {
  return {{"hash", bins.hash},          {"centres", centres_hash},
          {"inertia", bins.inertia},    {"train", as_json(bins.train)},
          {"half", as_json(bins.half)}, {"other_half", as_json(bins.other_half)}};
}

// Settings that the metrics need. Json::exception if one is missing or has the wrong type.
void check_types(const Json& settings) {
  for (const char* key : {"corpus", "device", "kind"}) settings.at(key).get<std::string>();
  for (const char* key : {"judged", "seconds"}) settings.at(key).get<double>();
  settings.at("sampling");
}

void append(BinnedClips& to, const BinnedClips& from) {
  to.bins.insert(to.bins.end(), from.bins.begin(), from.bins.end());
  to.tracks.insert(to.tracks.end(), from.tracks.begin(), from.tracks.end());
}

// "3-of-8", from a file in that folder.
std::string shard_name(const fs::path& file) {
  return file.parent_path().filename().string();
}

}  // namespace

std::string ndb_shard_json(const NdbFindings& findings, const Shard& shard) {
  Json json;
  json["format"] = kFormat;
  json["shard"] = to_text(shard);
  json["settings"] = findings.settings;
  json["bins"] = as_json(findings.bins, findings.centres_hash);
  json["first"] = findings.first;
  json["judged"] = as_json(findings.judged);
  json["test"] = as_json(findings.test);
  json["codes"] = as_json(findings.codes);
  return json.dump() + "\n";
}

NdbFindings read_ndb_shard(const fs::path& file, const Shard& shard) {
  if (!fs::exists(file)) {
    throw InputError(text(file.string(), ": expected what shard ", to_text(shard),
                          " measured, but there is no such file; run that shard again"));
  }
  NdbFindings findings;
  std::string its;
  const std::string content = read_file(file, kMostBytes);
  try {
    const Json json = Json::parse(content);
    if (json.at("format") != kFormat) throw InputError("a different format");
    its = json.at("shard").get<std::string>();
    findings.settings = json.at("settings");
    check_types(findings.settings);
    const auto bins = findings.settings.at("bins").get<std::int64_t>();
    const Json& training = json.at("bins");
    findings.bins.hash = training.at("hash").get<std::string>();
    findings.bins.inertia = training.at("inertia").get<double>();
    findings.bins.train = clips_from(training.at("train"), bins);
    findings.bins.half = clips_from(training.at("half"), bins);
    findings.bins.other_half = clips_from(training.at("other_half"), bins);
    findings.centres_hash = training.at("centres").get<std::string>();
    findings.first = json.at("first").get<std::size_t>();
    findings.judged = clips_from(json.at("judged"), bins);
    findings.test = clips_from(json.at("test"), bins);
    findings.codes = clips_from(json.at("codes"), bins);
    const std::size_t clips = findings.judged.bins.size(), codes = findings.codes.bins.size();
    const bool floors = findings.settings.at("floors").get<bool>();
    if (findings.test.bins.size() != (floors ? clips : 0) || (codes != 0 && codes != clips)) {
      throw InputError("clips that do not fit");
    }
  } catch (const Json::exception&) {
    its.clear();
  } catch (const InputError&) {
    its.clear();
  }
  if (its.empty()) {
    throw InputError(text(file.string(), ": expected what shard ", to_text(shard),
                          " measured, got something else; remove it and run that shard again"));
  }
  if (its != to_text(shard)) {
    throw InputError(text(file.string(), ": expected shard ", to_text(shard), ", got shard ",
                          printable(its), ", whose clips would count twice; remove it and run ",
                          to_text(shard)));
  }
  return findings;
}

std::string other_setting(const Json& expected, const Json& found) {
  for (const auto& [key, value] : expected.items()) {
    if (!found.contains(key) || found[key] != value) return key;
  }
  return {};
}

std::string setting(const Json& settings, const std::string& key) {
  if (!settings.contains(key) || settings[key].is_null()) return "none";
  if (!settings[key].is_string()) {
    return settings[key].dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  const std::string value = printable(settings[key].get<std::string>());
  constexpr std::size_t kHashSize = 64;
  return value.size() == kHashSize ? value.substr(0, kHashShown) : value;
}

NdbFindings join_ndb_shards(const std::vector<fs::path>& files, const Json& asked) {
  NdbFindings all;
  std::size_t wanted = 0;  // clips of all shards
  const auto count = static_cast<int>(files.size());
  for (int i = 0; i < count; ++i) {
    const fs::path& file = files[static_cast<std::size_t>(i)];
    NdbFindings part = read_ndb_shard(file, {.number = i + 1, .count = count});
    const auto refuse = [&](const std::string& what) {
      throw InputError(text(file.string(), ": expected ", what,
                            "; run that shard again with the others' settings, or remove it"));
    };
    if (const std::string key = other_setting(asked, part.settings); !key.empty()) {
      refuse(
          text(key, " ", setting(asked, key), " as asked for, got ", setting(part.settings, key)));
    }
    if (i == 0) {
      all = std::move(part);
      wanted = all.settings["judged"].get<std::size_t>();
      if (all.first != 0) refuse(text("clips from 0 on, got those from ", all.first, " on"));
      continue;
    }
    const std::string first = shard_name(files.front());
    if (const std::string key = other_setting(all.settings, part.settings); !key.empty()) {
      refuse(text("the ", key, " of ", first, ", ", setting(all.settings, key), ", got ",
                  setting(part.settings, key)));
    }
    if (as_json(all.bins, all.centres_hash) != as_json(part.bins, part.centres_hash)) {
      refuse(
          text("the bins of ", first,
               ", got those of a different machine: all shards need the same folder of bins (the "
               "option 'cache')"));
    }
    const std::size_t next = all.judged.bins.size();
    if (part.first != next) {
      refuse(text("clips from ", next, " on, got those from ", part.first, " on"));
    }
    append(all.judged, part.judged);
    append(all.test, part.test);
    append(all.codes, part.codes);
  }
  const std::size_t codes = all.codes.bins.size();
  if (all.judged.bins.size() != wanted || (codes != 0 && codes != wanted)) {
    throw InputError(text(files.back().string(), ": expected ", wanted,
                          " clips in all shards together, got ", all.judged.bins.size(),
                          "; run the shards again"));
  }
  return all;
}

}  // namespace minet::evaluation
