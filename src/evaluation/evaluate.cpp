#include "minet/evaluation/evaluate.hpp"

#include <array>
#include <utility>

#include "evaluation/metrics.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::evaluation {
namespace {

constexpr std::array<std::pair<Metric, const char*>, 2> kMetrics{
    {{Metric::reconstruction, "reconstruction"}, {Metric::nll, "nll"}}};

}  // namespace

std::string to_string(Metric metric) {
  for (const auto& [value, name] : kMetrics) {
    if (value == metric) return name;
  }
  return "unknown";
}

std::vector<std::string> metric_names() {
  std::vector<std::string> names;
  for (const auto& [value, name] : kMetrics) names.emplace_back(name);
  return names;
}

Metric parse_metric(const std::string& name) {
  for (const auto& [value, known] : kMetrics) {
    if (name == known) return value;
  }
  const auto nearest = nearest_name(name, metric_names());
  throw InputError(text("METRIC: expected ", join(metric_names(), " or "), ", got '",
                        printable(name), "'",
                        nearest ? text("; did you mean ", *nearest, "?") : "; choose one of them"));
}

EvalResult evaluate(const EvalOptions& options) {
  if (options.sound && options.metric != Metric::reconstruction) {
    throw InputError(text("--sound: expected it with reconstruction only, got it with ",
                          to_string(options.metric), "; leave it out"));
  }
  Material material(options);
  switch (options.metric) {
    case Metric::reconstruction:
      return reconstruction(material);
    case Metric::nll:
      return prior_nll(material);
  }
  throw WorkError("evaluate: expected a metric that exists");
}

}  // namespace minet::evaluation
