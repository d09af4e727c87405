#include "evaluation/result.hpp"

#include "minet/core/log.hpp"
#include "minet/core/table.hpp"
#include "minet/core/text.hpp"
#include "minet/core/version.hpp"

namespace minet::evaluation {

nlohmann::ordered_json begin_json(const Heading& heading) {
  nlohmann::ordered_json json;
  json["metric"] = heading.metric;
  json["model"] = heading.options.model.string();
  json["corpus"] = heading.options.corpus.string();
  json["corpus_hash"] = heading.corpus_hash;
  json["split"] = heading.options.split;
  json["seed"] = heading.options.seed;
  json["version"] = version();
  json["device"] = heading.device;
  json["clips"] = heading.clips;
  json["seconds"] = heading.seconds;
  return json;
}

nlohmann::ordered_json sampling_json(const generation::SamplingOptions& options,
                                     const config::TrainConfig& config) {
  nlohmann::ordered_json json{
      {"temperature", options.temperature}, {"top_k", options.top_k}, {"top_p", options.top_p}};
  if (config.is_plus()) json["level_temperature"] = options.level_temperature;
  return json;
}

nlohmann::ordered_json interval_json(const std::optional<Interval>& interval) {
  if (!interval) return nullptr;
  return nlohmann::ordered_json::array({interval->low, interval->high});
}

std::string dump(const nlohmann::ordered_json& json) {
  // A path that is not valid UTF-8 must not lose the results.
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

void warn_of_floor(const char* name, double floor, double model) {
  if (!(floor < model)) return;
  log::warning(text(
      "the reference (", name, " of the recorded sound, ", figure(floor),
      ") is worse than the model (", figure(model),
      "): this result does not tell how good the model is; measure on more or better recordings"));
}

std::string headline(const Heading& heading) {
  return text(heading.metric, " of ", heading.options.model.string(), " on ", heading.clips,
              " clips (", human_duration(heading.seconds), " of distinct sound) of split '",
              heading.options.split, "' of ", heading.options.corpus.string());
}

}  // namespace minet::evaluation
