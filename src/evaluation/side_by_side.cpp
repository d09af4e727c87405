// Several models' results in one table.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "minet/core/table.hpp"
#include "minet/core/text.hpp"
#include "minet/evaluation/evaluation.hpp"

namespace minet::evaluation {

EvalResult side_by_side(const std::vector<std::filesystem::path>& models,
                        const std::vector<EvalResult>& results) {
  using Json = nlohmann::ordered_json;
  // Settings and sizes are not results.
  const std::vector<std::string> settings = {
      "seed",    "clips",      "train_clips", "bins",   "codes",
      "seconds", "perplexity", "iterations",  "points", "clips_with_notes"};
  std::vector<Json> all;
  std::string reports;
  for (const EvalResult& result : results) {
    all.push_back(Json::parse(result.json));
    reports += result.report + "\n";
  }
  std::vector<std::vector<std::string>> lines{{""}};
  for (const auto& model : models) lines[0].push_back(printable(model.string()));
  std::vector<std::string> keys;  // those of any model
  for (const Json& result : all) {
    for (const auto& [key, value] : result.items()) {
      const auto among = [&](const std::vector<std::string>& list) {
        return std::find(list.begin(), list.end(), key) != list.end();
      };
      if (value.is_number() && !among(settings) && !among(keys)) keys.push_back(key);
    }
  }
  for (const std::string& key : keys) {
    std::vector<std::string> line{key};
    for (const Json& result : all) {
      const bool there = result.contains(key) && result[key].is_number();
      line.push_back(there ? figure(result[key].get<double>()) : "-");
    }
    lines.push_back(line);
  }
  return {.json = Json({{"models", all}}).dump(2) + "\n", .report = reports + table(lines)};
}

}  // namespace minet::evaluation
