// The bins of NDB: made once from training clips, cached in a file, and shared by all runs with the
// same inputs. Memory: 8 N^2 bytes for N training clips, 256 MB of stripes, and the centres.
// Letters: K bins, N training clips, F bins of a spectrogram, T frames, d = F T.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "evaluation/scene.hpp"
#include "evaluation/statistics/bins.hpp"

namespace minet::evaluation {

struct NdbBins {
  at::Tensor centres;  // [K, d] float32, d in the order [F, T], on the scene's device
  BinnedClips train;   // the clips that they were made from
  // Separate bins, made from one half of the training groups: that half's clips and the other's.
  // Empty with a single group, or if that half has fewer than K clips.
  BinnedClips half, other_half;
  double inertia = 0;
  std::string hash;  // of everything that determines them
};

struct NdbBinOptions {
  std::int64_t bins = 50, train_clips = 1600, restarts = 10;
  std::uint64_t seed = 1;
};
// From `cache`/ndb-<hash>.safetensors if that exists and matches, otherwise made and written there;
// a folder that cannot be written only causes a warning.
NdbBins ndb_bins(Scene& scene, const NdbBinOptions& options, const std::filesystem::path& cache);

// For each of clips [B, ...] of d numbers the nearest row of centres [K, d] (Euclidean; lowest
// index on ties). Products are summed in double over slices of d, on the device of the centres.
std::vector<std::int64_t> nearest_bins(const at::Tensor& centres, const at::Tensor& clips);

// The mean clip of each bin, [K, d], from clips read in blocks of up to `block`.
using BlockReader =
    std::function<at::Tensor(std::int64_t first, std::int64_t count)>;  // [count, d]
at::Tensor bin_centres(const std::vector<std::int64_t>& labels, std::int64_t bins,
                       std::int64_t dimensions, std::int64_t block, const BlockReader& read);

}  // namespace minet::evaluation
