#include "minet/generation/sampling_options.hpp"

#include <cmath>

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::generation {

void check(const SamplingOptions& options) {
  if (!(options.temperature >= 0) || !std::isfinite(options.temperature)) {
    throw InputError(
        text("temperature: expected a number of at least 0, got ", options.temperature));
  }
  if (options.top_k < 0) {
    throw InputError(text("top_k: expected 0 (all codes) or more, got ", options.top_k));
  }
  if (!(options.top_p > 0 && options.top_p <= 1)) {
    throw InputError(text("top_p: expected a share above 0 and at most 1, got ", options.top_p));
  }
}

SamplingOptions sampling_of(const SamplingChoice& choice, const config::GenerationConfig& config,
                            bool notes) {
  const SamplingOptions options{
      .temperature =
          choice.temperature.value_or(notes ? config.notes_temperature : config.temperature),
      .top_k = choice.top_k.value_or(config.top_k),
      .top_p = choice.top_p.value_or(notes ? config.notes_top_p : config.top_p),
      .level_temperature = config.level_temperature,
      .seed = choice.seed};
  check(options);
  return options;
}

}  // namespace minet::generation
