// k-means++ (Arthur and Vassilvitskii, 2007) and Lloyd's algorithm.
#include "models/kmeans.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "minet/core/random.hpp"
#include "minet/models/precision.hpp"
#include "models/checks.hpp"

namespace minet::models {
namespace {

// Scores per slice: 4 MiB fit into a processor's cache; a GPU wants few, large launches.
constexpr std::int64_t kScores = 1 << 20, kScoresOnGpu = 1 << 26;

// Squared distance of each vector to the code that it is assigned to: [M].
at::Tensor distances(const at::Tensor& vectors, const at::Tensor& codes, const at::Tensor& chosen) {
  return (vectors - codes.index_select(0, chosen)).square_().sum(1);
}

// Index of a vector drawn with probability proportional to its weight.
std::int64_t draw(const at::Tensor& weights, Random& random) {
  const float* w = weights.const_data_ptr<float>();
  const std::int64_t count = weights.size(0);
  const double total = std::accumulate(w, w + count, 0.0);
  if (!(total > 0)) {  // every vector lies on a centre already
    return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(count)));
  }
  double left = random.uniform() * total;
  std::int64_t last = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    if (w[i] <= 0) continue;
    last = i;
    left -= w[i];
    if (left < 0) break;
  }
  return last;
}

// Each further centre is the best of a few candidates: the one that leaves the smallest sum of
// squared distances ("greedy" k-means++, as in scikit-learn; plain k-means++ ended some 6 %
// higher on spectrogram frames).
at::Tensor plus_plus(const at::Tensor& vectors, const KmeansOptions& options) {
  Random random(options.seed);
  const std::int64_t count = vectors.size(0);
  const auto trials =
      static_cast<std::int64_t>(2 + std::log(static_cast<double>(options.clusters)));
  at::Tensor codes = at::empty({options.clusters, vectors.size(1)}, vectors.options());  // [K, D]
  const at::Tensor norms = vectors.square().sum(1, /*keepdim=*/true);                    // [M, 1]
  at::Tensor nearest;  // [M], squared distance to the nearest centre so far
  for (std::int64_t k = 0; k < options.clusters; ++k) {
    std::vector<std::int64_t> drawn;
    for (std::int64_t i = 0; i < (k == 0 ? 1 : trials); ++i) {
      drawn.push_back(
          k == 0 ? static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(count)))
                 : draw(nearest, random));
    }
    const at::Tensor indices = at::tensor(drawn, at::kLong);         // [trials]
    const at::Tensor candidates = vectors.index_select(0, indices);  // [trials, D]
    at::Tensor distance = at::addmm(norms, vectors, candidates.t(), 1, -2);
    distance.add_(norms.index_select(0, indices).t()).clamp_min_(0);  // [M, trials]
    for (std::size_t i = 0; i < drawn.size(); ++i) {
      distance[drawn[i]][static_cast<std::int64_t>(i)] = 0;  // exactly, without rounding error
    }
    if (k > 0) distance = at::minimum(distance, nearest.unsqueeze(1));
    const std::int64_t best =
        distance.sum(at::IntArrayRef{0}, false, at::kDouble).argmin().item<std::int64_t>();
    codes.select(0, k).copy_(candidates.select(0, best));
    nearest = distance.select(1, best).contiguous();
  }
  return codes;
}

// Empty clusters, in order, take the vectors that lie farthest from their centres, farthest first.
void reseed(at::Tensor& codes, const at::Tensor& sizes, const at::Tensor& vectors,
            const at::Tensor& chosen) {
  const at::Tensor empty = sizes.eq(0).nonzero().flatten();
  if (empty.numel() == 0) return;
  const at::Tensor distance = distances(vectors, codes, chosen);
  const at::Tensor order = std::get<1>(distance.sort(/*stable=*/true, 0, /*descending=*/true));
  codes.index_copy_(0, empty, vectors.index_select(0, order.narrow(0, 0, empty.numel())));
}

}  // namespace

at::Tensor nearest_rows(const at::Tensor& vectors, const at::Tensor& codes) {
  const at::NoGradGuard no_grad;
  const NoAutocast exact;
  const std::int64_t count = vectors.size(0), clusters = codes.size(0);
  const at::Tensor keys = codes.t();                              // [D, K]
  const at::Tensor half_norms = codes.square().sum(1).mul_(0.5);  // [K]
  at::Tensor result = at::empty({count}, vectors.options().dtype(at::kLong));
  const std::int64_t at_once = vectors.is_cuda() ? kScoresOnGpu : kScores;
  const std::int64_t rows = std::max<std::int64_t>(1, at_once / clusters);
  for (std::int64_t first = 0; first < count; first += rows) {
    const std::int64_t size = std::min(rows, count - first);
    // |z - e|^2 / 2 without the |z|^2 / 2 that is the same for all codes.
    const at::Tensor scores =
        at::addmm(half_norms, vectors.narrow(0, first, size), keys, 1, -1);  // [rows, K]
    at::Tensor slot = result.narrow(0, first, size);
    at::argmin_out(slot, scores, 1);
  }
  return result;
}

KmeansResult kmeans(const at::Tensor& given, const KmeansOptions& options) {
  const at::NoGradGuard no_grad;
  require(given.dim() == 2 && given.size(0) >= options.clusters && options.clusters >= 1,
          "k-means expected [M, D] with at least ", options.clusters, " vectors, got ",
          given.sizes(), "; give more vectors (vqvae.kmeans_vectors) or fewer codes (vqvae.codes)");
  const at::Tensor vectors = given.detach().to(at::kCPU, at::kFloat).contiguous();  // [M, D]
  require(vectors.isfinite().all().item<bool>(),
          "k-means expected finite vectors, but the encoder gave NaN or infinity; lower "
          "vqvae_training.learning_rate");
  at::Tensor codes = plus_plus(vectors, options);
  for (std::int64_t i = 0; i < options.iterations; ++i) {
    const at::Tensor chosen = nearest_rows(vectors, codes);                    // [M]
    const at::Tensor sizes = at::bincount(chosen, {}, options.clusters);       // [K]
    at::Tensor sums = at::zeros_like(codes).index_add_(0, chosen, vectors);    // [K, D]
    at::Tensor means = sums / sizes.clamp_min(1).to(at::kFloat).unsqueeze(1);  // [K, D]
    means = at::where(sizes.eq(0).unsqueeze(1), codes, means);
    reseed(means, sizes, vectors, chosen);
    const bool settled = means.equal(codes);
    codes = means;
    if (settled) break;
  }
  return {codes, at::bincount(nearest_rows(vectors, codes), {}, options.clusters)};
}

}  // namespace minet::models
