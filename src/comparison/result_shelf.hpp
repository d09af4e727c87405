// A cache of measurements, keyed by what they were made from.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "minet/evaluation/evaluation.hpp"

namespace minet::comparison {

class ResultShelf {
 public:
  explicit ResultShelf(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // The JSON of the measurement `name`: from FOLDER/NAME.json if that was made from the same
  // `inputs` (corpus hash, model hash, options, version), else measured and kept.
  nlohmann::ordered_json get(const std::string& name, const nlohmann::ordered_json& inputs,
                             const std::function<evaluation::EvalResult()>& measure) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace minet::comparison
