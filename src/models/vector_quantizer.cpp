// The codebook: nearest code, EMA update, k-means initialisation, revival, usage.
#include "minet/models/vector_quantizer.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "minet/core/random.hpp"
#include "minet/models/peers.hpp"
#include "models/checks.hpp"
#include "models/kmeans.hpp"

namespace minet::models {
namespace {

void check_vectors(const at::Tensor& vectors, std::int64_t width) {
  require(vectors.dim() == 2 && vectors.size(1) == width, "the codebook expected vectors [M, ",
          width, "], got ", vectors.sizes());
}

}  // namespace

CodeUsage usage_of_histogram(std::span<const std::int64_t> histogram) {
  double total = 0;
  for (const std::int64_t n : histogram) total += static_cast<double>(n);
  CodeUsage usage;
  double entropy = 0;  // nats
  for (const std::int64_t n : histogram) {
    if (n <= 0) continue;
    ++usage.distinct;
    const double p = static_cast<double>(n) / total;
    entropy -= p * std::log(p);
  }
  usage.perplexity = usage.distinct == 0 ? 0 : std::exp(entropy);
  return usage;
}

VectorQuantizerImpl::VectorQuantizerImpl(const config::VqVaeConfig& given) : config(given) {
  require(config.codes >= 1 && config.code_width >= 1, "a codebook of ", config.codes,
          " codes of width ", config.code_width, " cannot be made; both must be at least 1");
  codes = register_buffer("codes", at::zeros({config.codes, config.code_width}));
  counts = register_buffer("counts", at::zeros({config.codes}));
  sums = register_buffer("sums", at::zeros({config.codes, config.code_width}));
  started = register_buffer("started", at::zeros({}, at::kBool));
}

at::Tensor VectorQuantizerImpl::nearest(const at::Tensor& vectors) const {
  check_vectors(vectors, config.code_width);
  return nearest_rows(vectors.detach(), codes);  // [M]
}

at::Tensor VectorQuantizerImpl::lookup(const at::Tensor& indices) const {
  return at::embedding(codes, indices);  // [..., D]
}

void VectorQuantizerImpl::update(const at::Tensor& vectors, const at::Tensor& chosen) {
  const at::NoGradGuard no_grad;
  check_vectors(vectors, config.code_width);
  require(chosen.dim() == 1 && chosen.size(0) == vectors.size(0), "expected one code for each of ",
          vectors.size(0), " vectors, got codes of shape ", chosen.sizes());
  const double g = config.ema_decay;
  // Not bincount: on a GPU it synchronises to find the largest code.
  const at::Tensor ones = at::ones({}, counts.options()).expand({chosen.size(0)});
  const at::Tensor seen = joint_sum(at::zeros_like(counts).index_add_(0, chosen, ones));  // [K]
  const at::Tensor sum =
      joint_sum(at::zeros_like(sums).index_add_(0, chosen, vectors.detach()));  // [K, D]
  counts.mul_(g).add_(seen, 1 - g);
  sums.mul_(g).add_(sum, 1 - g);
  // Laplace smoothing: an unused code does not divide by zero.
  const at::Tensor total = counts.sum();  // []
  const double smoothing = static_cast<double>(config.codes) * config.laplace;
  const at::Tensor smoothed = (counts + config.laplace) / (total + smoothing) * total;  // [K]
  at::div_out(codes, sums, smoothed.unsqueeze(1));
}

void VectorQuantizerImpl::initialise(const at::Tensor& vectors, const KmeansStart& start) {
  const at::NoGradGuard no_grad;
  check_vectors(vectors, config.code_width);
  require(start.tokens_per_batch >= 1, "expected the tokens of a training batch, got ",
          start.tokens_per_batch);
  const KmeansResult found = kmeans(
      vectors, {.clusters = config.codes, .iterations = start.iterations, .seed = start.seed});
  const double scale =
      static_cast<double>(start.tokens_per_batch) / static_cast<double>(vectors.size(0));
  codes.copy_(found.codes);
  counts.copy_(found.sizes.to(counts.dtype()).mul_(scale));
  sums.copy_(codes * counts.unsqueeze(1));
  started.fill_(true);
}

at::Tensor VectorQuantizerImpl::revive(const at::Tensor& own, const Revival& revival) {
  const at::NoGradGuard no_grad;
  check_vectors(own, config.code_width);
  const at::Tensor vectors = joint_rows(own.detach());  // [M, D], of the joined batch
  const std::int64_t tokens = vectors.size(0);
  require(tokens >= 1, "revival expected at least one vector, got none");
  const double fair = static_cast<double>(tokens) / static_cast<double>(config.codes);
  // Runs over all codes without counting the dead ones first, which would wait for the GPU.
  const at::Tensor dead = counts.lt(config.revive_threshold * fair);  // [K]
  Random random(derive_seed(revival.seed, "revive", static_cast<std::uint64_t>(revival.step)));
  // Distinct vectors as long as there are enough, so that no two codes start out equal.
  const std::vector<std::int64_t> order = random.permutation(tokens);
  std::vector<std::int64_t> picks(static_cast<std::size_t>(config.codes));
  for (std::size_t i = 0; i < picks.size(); ++i) picks[i] = order[i % order.size()];
  const at::Tensor candidates = at::tensor(picks, at::kLong).to(vectors.device());
  const at::Tensor place = dead.cumsum(0).sub_(1).clamp_min_(0);  // rank among the dead codes
  const at::Tensor chosen = candidates.index_select(0, place);    // [K]
  const at::Tensor fresh = vectors.index_select(0, chosen).to(codes.dtype());  // [K, D]
  const at::Tensor row = dead.unsqueeze(1);
  codes.copy_(at::where(row, fresh, codes));
  sums.copy_(at::where(row, fresh * fair, sums));
  counts.masked_fill_(dead, fair);
  for (at::Tensor* state : {&codes, &sums, &counts}) copy_of_first(*state);
  return dead.sum();
}

CodeUsage VectorQuantizerImpl::usage(const at::Tensor& indices) const {
  const at::Tensor histogram =
      at::bincount(indices.flatten(), {}, config.codes).to(at::kCPU).contiguous();  // [K]
  return usage_of_histogram(
      {histogram.const_data_ptr<std::int64_t>(), static_cast<std::size_t>(histogram.numel())});
}

bool VectorQuantizerImpl::is_started() const {
  return started.item<bool>();
}
void VectorQuantizerImpl::set_started(bool value) {
  started.fill_(value);
}

}  // namespace minet::models
