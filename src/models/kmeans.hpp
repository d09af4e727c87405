// k-means++ and Lloyd's algorithm on the rows of a float matrix: initialises the codebook.
// Deterministic: core's random numbers, and ties go to the lowest index.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace minet::models {

// For each row of vectors [M, D] the nearest row of codes [K, D]: [M] int64, lowest index on ties.
// float32, in slices whose score matrix stays small.
at::Tensor nearest_rows(const at::Tensor& vectors, const at::Tensor& codes);

struct KmeansOptions {
  std::int64_t clusters = 1;
  std::int64_t iterations = 20;
  std::uint64_t seed = 0;
};
struct KmeansResult {
  at::Tensor codes;  // [K, D]
  at::Tensor sizes;  // [K] int64, of the last assignment
};
// M >= clusters. A cluster that loses its last vector is reseeded with the vector farthest from
// its own centre.
KmeansResult kmeans(const at::Tensor& vectors, const KmeansOptions& options);

}  // namespace minet::models
