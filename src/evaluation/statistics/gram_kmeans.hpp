// k-means on vectors that do not fit into memory, by means of their inner products.
//
// k-means needs only distances between vectors and means of vectors, and both follow from the
// Gram matrix G = X X^T: |x_i - x_j|^2 = G_ii + G_jj - 2 G_ij, and for the mean c of the vectors in
// C |x_i - c|^2 = G_ii - 2 mean_j G_ij + mean_jl G_jl (j, l in C). G is summed over stripes of
// dimensions, each read once; after that each restart costs N^2 instead of N K d. With 250 x 1024
// numbers per clip this makes ten restarts cheap, and N clips need 8 N^2 bytes: 0.8 GB for 10,000
// clips that are 10 GB themselves. The result is that of Lloyd's algorithm in full dimension.
// Letters: N vectors, d dimensions, K clusters.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace minet::evaluation {

class GramMatrix {
 public:
  // The products are computed on `device`.
  explicit GramMatrix(std::int64_t vectors, const at::Device& device = at::kCPU);
  // Some dimensions of all vectors, float32 [N, w]. Products are float32, their sum is double.
  void add(const at::Tensor& stripe);
  // Double [N, N], symmetric, on the CPU; call after the last stripe.
  at::Tensor finish();

 private:
  at::Tensor values_;
};

struct GramKmeansOptions {
  std::int64_t clusters = 50;
  std::int64_t restarts = 10;     // of k-means++; the one with the smallest inertia is kept
  std::int64_t iterations = 300;  // of Lloyd's algorithm, at most
  std::uint64_t seed = 1;
};
struct GramClusters {
  std::vector<std::int64_t> labels;  // of each member, 0 .. K-1, largest cluster first
  std::vector<std::int64_t> sizes;   // [K]
  double inertia = 0;                // sum of squared distances to each member's centre
};
// Clusters the vectors `members` of a Gram matrix; WorkError for fewer members than clusters.
GramClusters gram_kmeans(const at::Tensor& gram, const std::vector<std::int64_t>& members,
                         const GramKmeansOptions& options);
// The nearest cluster of each of `others`, vectors of the same Gram matrix.
std::vector<std::int64_t> gram_nearest(const at::Tensor& gram,
                                       const std::vector<std::int64_t>& members,
                                       const GramClusters& clusters,
                                       const std::vector<std::int64_t>& others);

}  // namespace minet::evaluation
