#include "evaluation/statistics/gram_kmeans.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "minet/core/errors.hpp"
#include "minet/core/random.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"

namespace minet::evaluation {
namespace {

constexpr std::int64_t kRows = 512;  // of G at a time during summation

// Rows of G, restricted to the members of one k-means.
class Members {
 public:
  Members(const at::Tensor& gram, const std::vector<std::int64_t>& members)
      : gram_(gram.const_data_ptr<double>()), stride_(gram.size(1)), members_(members) {}
  std::size_t size() const { return members_.size(); }
  const double* row(std::size_t i) const { return gram_ + members_[i] * stride_; }
  double product(const double* row, std::size_t j) const { return row[members_[j]]; }
  double norm(std::size_t i) const { return row(i)[members_[i]]; }
  double distance(std::size_t i, std::size_t j) const {
    return i == j ? 0 : std::max(0.0, norm(i) + norm(j) - 2 * product(row(i), j));
  }

 private:
  const double* gram_;
  std::int64_t stride_;
  const std::vector<std::int64_t>& members_;
};

std::size_t draw(const std::vector<double>& weights, Random& random) {
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (!(total > 0)) return static_cast<std::size_t>(random.below(weights.size()));
  double left = random.uniform() * total;
  std::size_t last = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] <= 0) continue;
    last = i;
    left -= weights[i];
    if (left < 0) break;
  }
  return last;
}

// Greedy k-means++, as in scikit-learn: each centre is the best of a few candidates. Returns the
// nearest initial centre of each member.
std::vector<std::size_t> plus_plus(const Members& members, std::int64_t clusters, Random& random) {
  const std::size_t count = members.size();
  const int trials = 2 + static_cast<int>(std::log(static_cast<double>(clusters)));
  std::vector<double> nearest(count, std::numeric_limits<double>::infinity()), candidate(count),
      best(count);
  std::vector<std::size_t> labels(count, 0);
  for (std::int64_t k = 0; k < clusters; ++k) {
    double lowest = std::numeric_limits<double>::infinity();
    for (int trial = 0; trial < (k == 0 ? 1 : trials); ++trial) {
      const std::size_t drawn =
          k == 0 ? static_cast<std::size_t>(random.below(count)) : draw(nearest, random);
      double sum = 0;
      for (std::size_t i = 0; i < count; ++i) {
        candidate[i] = std::min(nearest[i], members.distance(drawn, i));
        sum += candidate[i];
      }
      if (sum < lowest) {
        lowest = sum;
        best.swap(candidate);
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (best[i] < nearest[i]) labels[i] = static_cast<std::size_t>(k);
    }
    nearest.swap(best);
  }
  return labels;
}

// Lloyd's algorithm. products_[k][i] = sum over the members j of cluster k of G_ij, kept up to date
// as members move, so that late iterations cost little.
class Lloyd {
 public:
  Lloyd(const Members& members, std::int64_t clusters, std::vector<std::size_t> labels)
      : members_(members),
        labels_(std::move(labels)),
        sizes_(static_cast<std::size_t>(clusters), 0),
        products_(static_cast<std::size_t>(clusters), std::vector<double>(members.size(), 0)),
        norms_(static_cast<std::size_t>(clusters), 0),
        distances_(members.size(), 0) {
    for (std::size_t j = 0; j < labels_.size(); ++j) add(j, labels_[j], 1);
  }

  bool step() {  // true if anything moved
    const std::size_t clusters = sizes_.size(), count = labels_.size();
    find_norms();
    std::vector<std::size_t> next(count);
    for (std::size_t i = 0; i < count; ++i) {
      double lowest = std::numeric_limits<double>::infinity();
      for (std::size_t k = 0; k < clusters; ++k) {
        if (sizes_[k] == 0) continue;
        const double size = static_cast<double>(sizes_[k]);
        const double score = norms_[k] - 2 * products_[k][i] / size;
        if (score < lowest) {
          lowest = score;
          next[i] = k;
        }
      }
      distances_[i] = std::max(0.0, members_.norm(i) + lowest);
    }
    fill_empty(next);
    bool moved = false;
    for (std::size_t j = 0; j < count; ++j) {
      if (next[j] == labels_[j]) continue;
      moved = true;
      add(j, labels_[j], -1);
      add(j, next[j], 1);
      labels_[j] = next[j];
    }
    return moved;
  }

  double inertia() {
    find_norms();
    double sum = 0;
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      const std::size_t k = labels_[i];
      const double size = static_cast<double>(sizes_[k]);
      sum += std::max(0.0, members_.norm(i) + norms_[k] - 2 * products_[k][i] / size);
    }
    return sum;
  }
  const std::vector<std::size_t>& labels() const { return labels_; }
  const std::vector<std::int64_t>& sizes() const { return sizes_; }

 private:
  void add(std::size_t j, std::size_t k, int sign) {
    const double* row = members_.row(j);
    std::vector<double>& products = products_[k];
    for (std::size_t i = 0; i < products.size(); ++i)
      products[i] += sign * members_.product(row, i);
    sizes_[k] += sign;
  }
  void find_norms() {  // |centre|^2
    std::fill(norms_.begin(), norms_.end(), 0);
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      const double size = static_cast<double>(sizes_[labels_[i]]);
      norms_[labels_[i]] += products_[labels_[i]][i] / (size * size);
    }
  }
  // A cluster that lost its last member takes the member farthest from its own centre.
  void fill_empty(std::vector<std::size_t>& next) {
    std::vector<std::int64_t> sizes(sizes_.size(), 0);
    for (const std::size_t k : next) ++sizes[k];
    for (std::size_t k = 0; k < sizes.size(); ++k) {
      if (sizes[k] > 0) continue;
      std::size_t farthest = next.size();
      for (std::size_t i = 0; i < next.size(); ++i) {
        if (sizes[next[i]] < 2) continue;
        if (farthest == next.size() || distances_[i] > distances_[farthest]) farthest = i;
      }
      if (farthest == next.size()) return;
      --sizes[next[farthest]];
      ++sizes[k];
      next[farthest] = k;
      distances_[farthest] = 0;
    }
  }

  const Members& members_;
  std::vector<std::size_t> labels_;
  std::vector<std::int64_t> sizes_;
  std::vector<std::vector<double>> products_;
  std::vector<double> norms_, distances_;
};

GramClusters ordered(const Lloyd& lloyd, double inertia) {
  const std::vector<std::int64_t>& sizes = lloyd.sizes();
  std::vector<std::size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return sizes[a] > sizes[b]; });
  std::vector<std::int64_t> rank(sizes.size());
  GramClusters result{.labels = {}, .sizes = {}, .inertia = inertia};
  for (std::size_t i = 0; i < order.size(); ++i) {
    rank[order[i]] = static_cast<std::int64_t>(i);
    result.sizes.push_back(sizes[order[i]]);
  }
  for (const std::size_t label : lloyd.labels()) result.labels.push_back(rank[label]);
  return result;
}

}  // namespace

GramMatrix::GramMatrix(std::int64_t vectors, const at::Device& device)
    : values_(at::zeros({vectors, vectors}, at::TensorOptions(at::kDouble).device(device))) {}

void GramMatrix::add(const at::Tensor& given) {
  const at::NoGradGuard no_grad;
  const at::Tensor stripe = given.to(values_.device());
  const std::int64_t count = values_.size(0);
  for (std::int64_t first = 0; first < count; first += kRows) {  // the lower triangle
    const std::int64_t rows = std::min(kRows, count - first), columns = first + rows;
    values_.narrow(0, first, rows)
        .narrow(1, 0, columns)
        .add_(at::mm(stripe.narrow(0, first, rows), stripe.narrow(0, 0, columns).t()));
  }
}

at::Tensor GramMatrix::finish() {
  values_ = values_.cpu();
  double* g = values_.mutable_data_ptr<double>();
  const std::int64_t count = values_.size(0);
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t j = i + 1; j < count; ++j) g[i * count + j] = g[j * count + i];
  }
  return values_;
}

GramClusters gram_kmeans(const at::Tensor& gram, const std::vector<std::int64_t>& rows,
                         const GramKmeansOptions& options) {
  if (static_cast<std::int64_t>(rows.size()) < options.clusters || options.clusters < 1) {
    throw WorkError(text("k-means: expected at least ", options.clusters, " vectors, got ",
                         rows.size(), "; give more clips or fewer bins"));
  }
  const Members members(gram, rows);
  GramClusters best;
  for (std::int64_t restart = 0; restart < options.restarts; ++restart) {
    throw_if_stopped("stopped while clustering; nothing was written");
    Random random(derive_seed(options.seed, "k-means", static_cast<std::uint64_t>(restart)));
    Lloyd lloyd(members, options.clusters, plus_plus(members, options.clusters, random));
    for (std::int64_t i = 0; i < options.iterations && lloyd.step(); ++i) {
    }
    const double inertia = lloyd.inertia();
    if (restart == 0 || inertia < best.inertia) best = ordered(lloyd, inertia);
  }
  return best;
}

std::vector<std::int64_t> gram_nearest(const at::Tensor& gram,
                                       const std::vector<std::int64_t>& members,
                                       const GramClusters& clusters,
                                       const std::vector<std::int64_t>& others) {
  const double* g = gram.const_data_ptr<double>();
  const std::int64_t stride = gram.size(1);
  const std::size_t count = clusters.sizes.size();
  // Products of one vector with the centres.
  const auto products = [&](std::int64_t vector) {
    std::vector<double> sums(count, 0);
    const double* row = g + vector * stride;
    for (std::size_t j = 0; j < members.size(); ++j) {
      sums[static_cast<std::size_t>(clusters.labels[j])] += row[members[j]];
    }
    for (std::size_t k = 0; k < count; ++k) sums[k] /= static_cast<double>(clusters.sizes[k]);
    return sums;
  };
  std::vector<double> norms(count, 0);
  for (std::size_t j = 0; j < members.size(); ++j) {
    const auto k = static_cast<std::size_t>(clusters.labels[j]);
    norms[k] += products(members[j])[k] / static_cast<double>(clusters.sizes[k]);
  }
  std::vector<std::int64_t> labels;
  for (const std::int64_t other : others) {
    const std::vector<double> found = products(other);
    std::size_t nearest = 0;
    for (std::size_t k = 1; k < count; ++k) {
      if (norms[k] - 2 * found[k] < norms[nearest] - 2 * found[nearest]) nearest = k;
    }
    labels.push_back(static_cast<std::int64_t>(nearest));
  }
  return labels;
}

}  // namespace minet::evaluation
