#include "evaluation/statistics/nearest.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <limits>
#include <map>

namespace minet::evaluation {
namespace {

constexpr std::int64_t kScores = 1 << 18;  // per slice: 1 MiB

// The first j with the largest scores[j] for which groups[j] is not `group`; -1: none.
std::int64_t best_of_others(const float* scores, const std::vector<std::int64_t>& groups,
                            std::int64_t group) {
  std::int64_t best = -1;
  float largest = -std::numeric_limits<float>::infinity();
  for (std::size_t j = 0; j < groups.size(); ++j) {
    if (scores[j] > largest && groups[j] != group) {
      largest = scores[j];
      best = static_cast<std::int64_t>(j);
    }
  }
  return best;
}

at::Tensor unit_rows(const at::Tensor& rows) {
  return rows / rows.norm(2, {1}, /*keepdim=*/true).clamp_min(1e-12);
}

}  // namespace

Neighbours nearest_by_cosine(const at::Tensor& queries, const at::Tensor& base,
                             const std::vector<std::int64_t>& query_groups,
                             const std::vector<std::int64_t>& base_groups) {
  const at::NoGradGuard no_grad;
  const at::Tensor units = unit_rows(queries), keys = unit_rows(base).t();  // [H, N]
  const std::int64_t count = queries.size(0), others = base.size(0);
  const std::int64_t rows = std::max<std::int64_t>(1, kScores / others);
  std::map<std::int64_t, std::int64_t> sizes;  // sizes of the base's groups
  for (const std::int64_t group : base_groups) ++sizes[group];
  Neighbours result;
  at::Tensor scores = at::empty({std::min(rows, count), others}, units.options());
  for (std::int64_t first = 0; first < count; first += rows) {
    const std::int64_t size = std::min(rows, count - first);
    at::Tensor part = scores.narrow(0, 0, size);  // [rows, N]
    at::mm_out(part, units.narrow(0, first, size), keys);
    for (std::int64_t i = 0; i < size; ++i) {
      const std::int64_t group = query_groups[static_cast<std::size_t>(first + i)];
      if (const auto own = sizes.find(group); own != sizes.end()) result.left_out += own->second;
      result.nearest.push_back(
          best_of_others(part.const_data_ptr<float>() + i * others, base_groups, group));
    }
  }
  return result;
}

at::Tensor pose_statistics(const at::Tensor& poses) {
  return at::cat({poses.mean(1), poses.std(1, /*unbiased=*/false)}, 1);
}

void standardise(at::Tensor& base, at::Tensor& queries) {
  const at::Tensor mean = base.mean(0), deviation = base.std(0, /*unbiased=*/false);
  const at::Tensor scale = at::where(deviation > 1e-6, 1 / deviation, at::zeros_like(deviation));
  base = (base - mean) * scale;
  queries = (queries - mean) * scale;
}

}  // namespace minet::evaluation
