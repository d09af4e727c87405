// Sampling options: those that a user sets, with the model's configuration as the default.
#pragma once

#include <cstdint>
#include <optional>

#include "minet/config/train_config.hpp"

namespace minet::generation {

struct SamplingOptions {
  double temperature = 1;          // >= 0; 0 always takes the most probable code
  std::int64_t top_k = 0;          // keep the k most probable codes; 0: all
  double top_p = 1;                // keep the fewest codes that hold this probability; 1: all
  double level_temperature = 0.5;  // plus only: factor on the temperature for loudness
  std::uint64_t seed = 0;
};

// InputError if an option is out of its range.
void check(const SamplingOptions& options);

// Unset options follow the model's configuration.
struct SamplingChoice {
  std::optional<double> temperature = std::nullopt;
  std::optional<std::int64_t> top_k = std::nullopt;
  std::optional<double> top_p = std::nullopt;
  std::uint64_t seed = 0;
};

// `notes`: whether notes are given. Checked.
SamplingOptions sampling_of(const SamplingChoice& choice, const config::GenerationConfig& config,
                            bool notes);

}  // namespace minet::generation
