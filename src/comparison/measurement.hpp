// Reads values from the JSON of one measurement, by the path of their keys.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "comparison/paper_table.hpp"

namespace minet::comparison {

struct Measurement {
  std::string name;             // as in results/NAME.json
  nlohmann::ordered_json json;  // null: another shard's, unknown here

  // Whether there is a value at `path`, dot-separated keys: "chain.generated.onset_f1".
  bool has(const std::string& path) const;
  // The number there, with the interval [low, high] at `interval` if one is named and not null.
  // Empty if the metric says null, as it could not be measured. WorkError if the path is missing or
  // not a number, which is a programming error.
  Cell at(const std::string& path, const std::string& interval = {}) const;
  // A mean with its standard error, converted to a 95 % interval.
  Cell with_error(const std::string& path, const std::string& error_path) const;
};

}  // namespace minet::comparison
