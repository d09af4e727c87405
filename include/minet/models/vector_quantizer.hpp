// The codebook (paper section 3.2): nearest code, exponential-moving-average updates instead of a
// codebook loss, k-means initialisation, revival of dead codes. Formulas: docs/networks.md.
// Letters: K codes, D code width, M vectors.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <span>

#include "minet/config/train_config.hpp"

namespace minet::models {

struct CodeUsage {
  std::int64_t distinct = 0;  // codes seen at least once
  double perplexity = 0;      // exp of the entropy of the histogram: 1 .. K
};
CodeUsage usage_of_histogram(std::span<const std::int64_t> histogram);

struct KmeansStart {
  std::uint64_t seed = 0;
  std::int64_t tokens_per_batch = 0;  // B * T of a training step: the counts are scaled to it
  std::int64_t iterations = 20;       // of Lloyd's algorithm, after k-means++
};

struct Revival {
  std::uint64_t seed = 0;
  std::int64_t step = 0;
};

class VectorQuantizerImpl : public torch::nn::Module {
 public:
  explicit VectorQuantizerImpl(const config::VqVaeConfig& config);

  // vectors [M, D] -> [M] int64; lowest index on ties. No gradient.
  at::Tensor nearest(const at::Tensor& vectors) const;
  // codes [...] int64 -> [..., D]
  at::Tensor lookup(const at::Tensor& codes) const;

  // One EMA step from the vectors of a batch [M, D] and their codes [M].
  void update(const at::Tensor& vectors, const at::Tensor& codes);
  // k-means on vectors [M, D], M >= K; sets codes, counts, sums and started.
  void initialise(const at::Tensor& vectors, const KmeansStart& start);
  // Codes with counts < revive_threshold * M / K become vectors of this batch [M, D], M >= 1.
  // Returns their number: [] int64, on the codes' device. Only the CPU's random numbers decide
  // which, so a resumed run does the same.
  at::Tensor revive(const at::Tensor& vectors, const Revival& revival);

  // codes [...] int64
  CodeUsage usage(const at::Tensor& codes) const;
  // False until `initialise` or until a started codebook is loaded. Synchronises with the device.
  bool is_started() const;
  void set_started(bool value);

  const config::VqVaeConfig config;
  // Buffers, not parameters: no optimiser touches them.
  at::Tensor codes;    // [K, D] float32
  at::Tensor counts;   // [K] float32, running mean of tokens per batch
  at::Tensor sums;     // [K, D] float32, running mean of the sum of vectors
  at::Tensor started;  // [] bool
};
TORCH_MODULE(VectorQuantizer);

}  // namespace minet::models
