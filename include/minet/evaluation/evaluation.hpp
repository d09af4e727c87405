// What the metrics of mi_eval share: which model on which clips, and what comes back.
//
// Each metric has its own header beside this one: an options struct that holds EvalOptions as
// `common`, and one function evaluate_<metric>. A figure without its floor (real against real) or
// its trivial baseline is not reported. What the metrics mean: docs/evaluation.md.
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
  std::int64_t clips = 64;  // spread evenly over the split; 0: all of it, clip after clip
  std::uint64_t seed = 1;   // of everything random in the metric and its baselines
  // How the model draws, where not as its configuration says; its seed follows from `seed`.
  generation::SamplingChoice sampling = {};
  std::string device = "auto";
  int threads = 0;  // 0: LibTorch's default
};

// Every function throws InputError for no such model, corpus, split or clip and for a model that is
// not trained as far as the metric needs it, and Interrupted after a stop signal; nothing is left
// behind then.
struct EvalResult {
  // One object. Keys, always: metric, model, corpus, corpus_hash, split, seed, version, clips,
  // seconds; further ones in the metric's header.
  std::string json;
  std::string report;  // a table for people
};

// Results of one metric on several models: all reports, then their figures in a column a model; as
// JSON {"models": [...]}.
EvalResult side_by_side(const std::vector<std::filesystem::path>& models,
                        const std::vector<EvalResult>& results);

}  // namespace minet::evaluation
