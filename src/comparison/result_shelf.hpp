// A cache of measurements, keyed by their inputs.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "minet/evaluation/evaluation.hpp"

namespace minet::comparison {

class ResultShelf {
 public:
  explicit ResultShelf(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // The JSON of the measurement `name` from FOLDER/NAME.json, if it was made from the same `inputs`
  // (corpus hash, model hash, sampling settings, options, version).
  // `also`: a file that must be there too, unless empty.
  std::optional<nlohmann::ordered_json> kept(const std::string& name,
                                             const nlohmann::ordered_json& inputs,
                                             const std::filesystem::path& also = {}) const;
  // The same; measured and saved if it is not there. `doing` is for the log.
  nlohmann::ordered_json get(const std::string& name, const nlohmann::ordered_json& inputs,
                             const std::function<evaluation::EvalResult()>& measure,
                             const char* doing = "measuring",
                             const std::filesystem::path& also = {}) const;
  std::filesystem::path file(const std::string& name) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace minet::comparison
