// The beginning that all metrics' results share, as JSON and for people.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "evaluation/statistics/bins.hpp"
#include "minet/evaluation/evaluation.hpp"

namespace minet::evaluation {

// What every result states about itself.
struct Heading {
  std::string metric;
  EvalOptions options;
  std::string device;  // the one used
  std::string corpus_hash;
  std::size_t clips = 0;
  double seconds = 0;  // of distinct sound: in a short split clips may overlap
};

// Warns if recorded sound scores lower than the model on a metric where higher is better.
void warn_of_floor(const char* name, double floor, double model);

// The keys that all metrics share.
nlohmann::ordered_json begin_json(const Heading& heading);
// temperature, top_k, top_p and, for plus, level_temperature.
nlohmann::ordered_json sampling_json(const generation::SamplingOptions& options,
                                     const config::TrainConfig& config);
// [low, high], or null.
nlohmann::ordered_json interval_json(const std::optional<Interval>& interval);
std::string dump(const nlohmann::ordered_json& json);
std::string headline(const Heading& heading);  // "nll of X on 64 clips (256 s) of split 'test'…"

}  // namespace minet::evaluation
