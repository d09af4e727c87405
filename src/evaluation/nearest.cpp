#include "evaluation/nearest.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

namespace minet::evaluation {
namespace {

constexpr std::int64_t kScores = 1 << 20;  // of one slice: 4 MiB

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
  Neighbours result;
  at::Tensor scores;
  for (std::int64_t first = 0; first < count; first += rows) {
    const std::int64_t size = std::min(rows, count - first);
    scores = at::mm(units.narrow(0, first, size), keys);  // [rows, N]
    float* values = scores.mutable_data_ptr<float>();
    for (std::int64_t i = 0; i < size; ++i) {
      float* row = values + i * others;
      const std::int64_t group = query_groups[static_cast<std::size_t>(first + i)];
      for (std::int64_t j = 0; j < others; ++j) {
        if (base_groups[static_cast<std::size_t>(j)] != group) continue;
        row[j] = -std::numeric_limits<float>::infinity();
        ++result.left_out;
      }
    }
    const auto [best, index] = scores.max(1);
    for (std::int64_t i = 0; i < size; ++i) {
      const bool allowed = best.const_data_ptr<float>()[i] > -2;
      result.nearest.push_back(allowed ? index.const_data_ptr<std::int64_t>()[i] : -1);
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
