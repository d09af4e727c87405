// Nearest neighbours by cosine, and what they say of labels.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace minet::evaluation {

struct Neighbours {
  std::vector<std::int64_t> nearest;  // of each query, a row of the base; -1: none is allowed
  std::int64_t left_out = 0;          // pairs of one group
};
// queries [M, H] against base [N, H], float32. Rows of the same group are no neighbours of each
// other; lowest index on ties.
Neighbours nearest_by_cosine(const at::Tensor& queries, const at::Tensor& base,
                             const std::vector<std::int64_t>& query_groups,
                             const std::vector<std::int64_t>& base_groups);

// Mean and deviation of each coordinate over a clip: poses [B, P, 94] -> [B, 188].
at::Tensor pose_statistics(const at::Tensor& poses);
// Both minus the mean and over the deviation of the columns of `base`; constant columns become 0.
void standardise(at::Tensor& base, at::Tensor& queries);

}  // namespace minet::evaluation
