#include "evaluation/statistics/nearest.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>
#include <map>

#include "core/clones.hpp"

namespace minet::evaluation {
namespace {

constexpr std::int64_t kScores = 1 << 18;  // of one slice: 1 MiB
constexpr std::size_t kLanes = 64;         // four of the widest vector unit
constexpr float kNobody = -std::numeric_limits<float>::infinity();

// The largest of scores[j] where groups[j] is not `group`, and the first j that has it; -1: none.
// Comparing only, so every instruction set finds the same.
MINET_WIDE_CLONES std::int64_t best_of_others(const float* __restrict scores,
                                              const std::int32_t* __restrict groups,
                                              std::size_t count, std::int32_t group) {
  float lanes[kLanes];
  std::fill(lanes, lanes + kLanes, kNobody);
  const std::size_t whole = count - count % kLanes;
  for (std::size_t j = 0; j < whole; j += kLanes) {
    for (std::size_t l = 0; l < kLanes; ++l) {
      const float score = groups[j + l] == group ? kNobody : scores[j + l];
      lanes[l] = score > lanes[l] ? score : lanes[l];
    }
  }
  float best = *std::max_element(lanes, lanes + kLanes);
  for (std::size_t j = whole; j < count; ++j) {
    if (groups[j] != group && scores[j] > best) best = scores[j];
  }
  if (best == kNobody) return -1;
  // First the stretch that has it, then the place.
  std::size_t first = 0;
  for (; first < whole; first += kLanes) {
    int found = 0;
    for (std::size_t l = 0; l < kLanes; ++l) {
      found |= static_cast<int>(scores[first + l] == best) &
               static_cast<int>(groups[first + l] != group);
    }
    if (found != 0) break;
  }
  while (scores[first] != best || groups[first] == group) ++first;
  return static_cast<std::int64_t>(first);
}

// Groups by small numbers, and how many rows of the base each has.
struct Numbered {
  std::vector<std::int32_t> base, queries;
  std::map<std::int32_t, std::int64_t> sizes;
};

Numbered numbered(const std::vector<std::int64_t>& queries, const std::vector<std::int64_t>& base) {
  Numbered result;
  std::map<std::int64_t, std::int32_t> number;
  const auto number_of = [&](std::int64_t group) {
    return number.emplace(group, static_cast<std::int32_t>(number.size())).first->second;
  };
  for (const std::int64_t group : base) {
    result.base.push_back(number_of(group));
    ++result.sizes[result.base.back()];
  }
  for (const std::int64_t group : queries) result.queries.push_back(number_of(group));
  return result;
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
  const Numbered groups = numbered(query_groups, base_groups);
  Neighbours result;
  at::Tensor scores = at::empty({std::min(rows, count), others}, units.options());
  for (std::int64_t first = 0; first < count; first += rows) {
    const std::int64_t size = std::min(rows, count - first);
    at::Tensor part = scores.narrow(0, 0, size);  // [rows, N]
    at::mm_out(part, units.narrow(0, first, size), keys);
    for (std::int64_t i = 0; i < size; ++i) {
      const std::int32_t group = groups.queries[static_cast<std::size_t>(first + i)];
      if (const auto own = groups.sizes.find(group); own != groups.sizes.end()) {
        result.left_out += own->second;
      }
      result.nearest.push_back(best_of_others(part.const_data_ptr<float>() + i * others,
                                              groups.base.data(), groups.base.size(), group));
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
