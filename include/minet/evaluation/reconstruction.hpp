// How much of a sound the VQ-VAE's codes preserve (paper section 4: test L2), beside frame-wise PCA
// + k-means with as many codes and no training.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "minet/evaluation/evaluation.hpp"

namespace minet::evaluation {

struct ReconstructionOptions {
  EvalOptions common = {};
  std::int64_t baseline_frames =
      48'000;  // random training frames that fit PCA and k-means; at most
  // A folder for each clip's sound, as <track>-<start in ms>-real.wav, the same with inverted (real
  // magnitudes, reconstructed phases) and reconstruction (from codes), and, if there are notes,
  // <track>-<start>-notes.csv (times from the clip's start).
  std::optional<std::filesystem::path> sound = std::nullopt;
  std::int64_t invert_iterations = 16;
  bool force = false;  // replace an existing sound folder
};

// Keys: l2, spectral_convergence_db, log_spectral_distance_db (definitions:
// src/evaluation/spectral.hpp), codes (K), codes_used and perplexity (of the measured clips'
// codes), frames, baseline_frames; and the same measures in `baselines`: pca_kmeans (D values per
// frame by PCA, then K codes by k-means), pca (the D values, no codes), bin_mean (the training
// mean of each bin).
EvalResult evaluate_reconstruction(const ReconstructionOptions& options);

}  // namespace minet::evaluation
