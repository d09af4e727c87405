// The whole of mi_eval: a trained model against a corpus, with the trivial baselines beside it.
//
// reconstruction: what the VQ-VAE's codes keep of a sound; beside it frame-wise PCA + k-means with
// as many codes and no training. nll: how well the prior foretells the codes (paper section 4);
// beside it uniform, unigram and smoothed bigram. A figure without its baseline is not reported.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace minet::evaluation {

enum class Metric { reconstruction, nll };
std::string to_string(Metric metric);
std::vector<std::string> metric_names();
Metric parse_metric(const std::string& name);  // InputError lists the names there are

struct EvalOptions {
  Metric metric = Metric::reconstruction;
  std::filesystem::path model;   // run folder, or folder with model.safetensors
  std::filesystem::path corpus;  // prepared; its split 'train' fits the baselines
  std::string split = "test";
  std::int64_t clips = 64;  // spread evenly over the split; 0: all of it, clip after clip
  std::uint64_t seed = 1;   // of the baselines and of the shuffling
  std::string device = "auto";
  int threads = 0;  // 0: LibTorch's default
  std::int64_t baseline_frames =
      48'000;  // random training frames that fit PCA and k-means; at most
  // reconstruction only: a folder for each clip's sound, as <track>-<start in ms>-real.wav, the
  // same with inverted (the real magnitudes with made phases) and with reconstruction (from
  // codes), and where there are notes <track>-<start>-notes.csv (from the clip's start).
  std::optional<std::filesystem::path> sound = std::nullopt;
  std::int64_t invert_iterations = 32;
  bool force = false;  // replace an existing sound folder
};

// Keys of the JSON object, always: metric, model, corpus, corpus_hash, split, seed, version, clips,
// seconds.
//
// reconstruction: l2, spectral_convergence_db, log_spectral_distance_db (definitions:
// src/evaluation/spectral.hpp), codes (K), codes_used and perplexity (of the measured clips'
// codes), frames, baseline_frames; and the same measures in `baselines`: pca_kmeans (D numbers a
// frame by PCA, then K codes by k-means), pca (the D numbers, no codes), bin_mean (the training
// mean of each bin).
//
// nll, in nats a code: nll_nats (without notes) and, where the model has content and the clips have
// notes, nll_notes_nats. For both prefixes, nll and nll_notes: _standard_error over clips,
// _bits_per_second, _shuffled_pose_nats (each clip with the body of a clip of another track),
// _pose_gain_nats (shuffled minus true: above 0 where the prior listens to the body) and
// _pose_gain_standard_error. In `baselines`: uniform, unigram, bigram (formulas:
// src/evaluation/code_models.hpp), each with nll_nats and bits_per_second. Further: repeat_share
// (of the codes that equal the one before), clips_with_notes, codes (K).
struct EvalResult {
  std::string json;    // one object; keys below
  std::string report;  // a table for people
};

// InputError: no such model, corpus, split or clip; a model whose codebook (reconstruction) or
// prior (nll) is not trained. Interrupted after a stop signal; nothing is left behind then.
EvalResult evaluate(const EvalOptions& options);

}  // namespace minet::evaluation
