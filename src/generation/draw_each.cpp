#include "generation/draw_each.hpp"

#include <ATen/ATen.h>

#include <algorithm>

namespace minet::generation {
namespace {

// Weights [B, K] with those excluded by top_k and top_p set to 0.
at::Tensor cut(const at::Tensor& weights, const SamplingOptions& options) {
  const std::int64_t codes = weights.size(1);
  const auto [sorted, order] = weights.sort(/*stable=*/true, 1, /*descending=*/true);
  at::Tensor kept = sorted.clone();
  if (options.top_k > 0 && options.top_k < codes) {
    kept.narrow(1, options.top_k, codes - options.top_k).zero_();
  }
  // A code is kept while those before it hold less than top_p of what top_k left.
  const at::Tensor sums = kept.cumsum(1);
  const at::Tensor enough = sums.narrow(1, codes - 1, 1) * options.top_p;  // [B, 1]
  if (codes > 1) {
    kept.narrow(1, 1, codes - 1).masked_fill_(sums.narrow(1, 0, codes - 1).ge(enough), 0);
  }
  return at::zeros_like(weights).scatter_(1, order, kept);
}

}  // namespace

at::Tensor draw_each(const at::Tensor& logits, const SamplingOptions& options,
                     const at::Tensor& uniform) {
  if (options.temperature == 0) return logits.argmax(1);
  const std::int64_t codes = logits.size(1);
  const at::Tensor exact = logits.to(at::kDouble);
  at::Tensor weights = (exact - exact.amax(1, /*keepdim=*/true)).div_(options.temperature).exp_();
  if ((options.top_k > 0 && options.top_k < codes) || options.top_p < 1) {
    weights = cut(weights, options);
  }
  const at::Tensor sums = weights.cumsum(1);
  const at::Tensor total = sums.narrow(1, codes - 1, 1);  // [B, 1]
  // The first code whose cumulative sum exceeds the target; if rounding leaves none, the last one
  // with a weight.
  const at::Tensor first = sums.le(uniform.unsqueeze(1) * total).sum(1);
  return at::minimum(first, sums.lt(total).sum(1));
}

}  // namespace minet::generation
