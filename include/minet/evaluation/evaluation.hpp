// What the metrics of mi_eval share: the choice of model and clips, and the result.
//
// Each metric has its own header beside this one: an options struct that holds EvalOptions as
// `common`, and one function evaluate_<metric>. No metric is reported without its noise floor (real
// against real) or a trivial baseline. What the metrics mean: docs/evaluation.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "minet/generation/sampling_options.hpp"

namespace minet::evaluation {

struct EvalOptions {
  std::filesystem::path model = {};   // run folder, or folder with model.safetensors
  std::filesystem::path corpus = {};  // prepared; its split 'train' fits the baselines
  std::string split = "test";
  std::int64_t clips = 64;  // spread evenly over the split; 0: all of it, end to end
  std::uint64_t seed = 1;   // of everything random in the metric and its baselines
  // How the model samples, if not as configured; its seed is derived from `seed`.
  generation::SamplingChoice sampling = {};
  std::string device = "auto";
  int threads = 0;  // 0: LibTorch's default
};

// Every function throws InputError if there is no such model, corpus, split or clip or the model is
// not trained as far as the metric needs, and Interrupted after a stop signal; nothing is left
// behind then.
struct EvalResult {
  // One object. Always has the keys metric, model, corpus, corpus_hash, split, seed, version, clips
  // and seconds; the metric's header lists further ones.
  std::string json;
  std::string report;  // a table for people
};

// Results of one metric on several models: all reports, then a table with one column per model, or
// a sentence if their `unit` differs; as JSON {"models": [...]}.
EvalResult side_by_side(const std::vector<std::filesystem::path>& models,
                        const std::vector<EvalResult>& results);

}  // namespace minet::evaluation
