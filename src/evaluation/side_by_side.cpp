// Several models' results in one table.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "minet/core/table.hpp"
#include "minet/core/text.hpp"
#include "minet/evaluation/evaluation.hpp"

namespace minet::evaluation {

namespace {

using Json = nlohmann::ordered_json;

// Settings and sizes are not results.
bool is_result(const std::string& key, const Json& value, const Json& metric) {
  static const std::set<std::string> kSettings = {"seed",
                                                  "clips",
                                                  "train_clips",
                                                  "clips_with_notes",
                                                  "seconds",
                                                  "bins",
                                                  "codes",
                                                  "frames",
                                                  "baseline_frames",
                                                  "points",
                                                  "iterations",
                                                  "onsets",
                                                  "alpha",
                                                  "restarts",
                                                  "classes",
                                                  "strength",
                                                  "inertia",
                                                  "neighbours_left_out"};
  if (metric == "tsne" && key == "perplexity") return false;
  return value.is_number() && !kSettings.contains(key);
}

// Of all models, in the order in which they first appear.
std::vector<std::string> keys_of_results(const std::vector<Json>& all) {
  std::vector<std::string> keys;
  for (const Json& result : all) {
    for (const auto& [key, value] : result.items()) {
      if (!is_result(key, value, result.value("metric", Json()))) continue;
      if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
    }
  }
  return keys;
}

std::string in_words(std::string key) {
  std::ranges::replace(key, '_', ' ');
  return key;
}

// The units of the results, if they differ; empty otherwise.
std::string different_units(const std::vector<Json>& all) {
  std::set<std::string> units;
  for (const Json& result : all) units.insert(result.value("unit", std::string()));
  if (units.size() < 2) return {};
  return join({units.begin(), units.end()}, "; ");
}

}  // namespace

EvalResult side_by_side(const std::vector<std::filesystem::path>& models,
                        const std::vector<EvalResult>& results) {
  std::vector<Json> all;
  std::string reports;
  for (const EvalResult& result : results) {
    all.push_back(Json::parse(result.json));
    reports += result.report + "\n";
  }
  const std::string json = Json({{"models", all}}).dump(2) + "\n";
  if (const std::string units = different_units(all); !units.empty()) {
    return {
        .json = json,
        .report = reports +
                  text("These results cannot be compared, as their units differ: ", units, ".\n")};
  }
  std::vector<std::vector<std::string>> lines{{""}};
  for (const auto& model : models) lines[0].push_back(printable(model.string()));
  for (const std::string& key : keys_of_results(all)) {
    std::vector<std::string> line{in_words(key)};
    for (const Json& result : all) {
      const bool there = result.contains(key) && result[key].is_number();
      line.push_back(there ? figure(result[key].get<double>()) : "-");
    }
    lines.push_back(line);
  }
  return {.json = json, .report = reports + table(lines)};
}

}  // namespace minet::evaluation
