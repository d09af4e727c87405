// Reads figures from the JSON of one measurement, by the path of their keys.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "comparison/paper_table.hpp"

namespace minet::comparison {

struct Measurement {
  std::string name;             // as in results/NAME.json
  nlohmann::ordered_json json;  // null: another shard's, of which nothing is known here

  // Whether there is anything at `path`, dot-separated keys: "chain.generated.onset_f1".
  bool has(const std::string& path) const;
  // The number there, with the interval [low, high] at `interval` where one is named. Empty where
  // the metric says null: it could not be measured. WorkError where the path is missing or not a
  // number: a programming error.
  Cell at(const std::string& path, const std::string& interval = {}) const;
  // A mean with its standard error -> with a 95 % interval.
  Cell with_error(const std::string& path, const std::string& error_path) const;
};

}  // namespace minet::comparison
