// Nearest neighbours by cosine similarity.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace minet::evaluation {

struct Neighbours {
  std::vector<std::int64_t> nearest;  // for each query a row of the base; -1: none allowed
  std::int64_t left_out = 0;          // pairs within one group
};
// queries [M, H] against base [N, H], float32. Rows of the same group do not count as neighbours;
// lowest index on ties.
Neighbours nearest_by_cosine(const at::Tensor& queries, const at::Tensor& base,
                             const std::vector<std::int64_t>& query_groups,
                             const std::vector<std::int64_t>& base_groups);

// Mean and deviation of each coordinate over a clip: poses [B, P, 94] -> [B, 188].
at::Tensor pose_statistics(const at::Tensor& poses);
// Standardises both by the mean and deviation of base's columns; constant columns become 0.
void standardise(at::Tensor& base, at::Tensor& queries);

}  // namespace minet::evaluation
