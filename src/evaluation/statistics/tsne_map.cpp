#include "evaluation/statistics/tsne_map.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/clones.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/progress.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"

namespace minet::evaluation {
namespace {

constexpr std::int64_t kExploration = 250;  // iterations with exaggeration
constexpr std::size_t kLanes = 16;          // floats in the widest vector unit
constexpr double kTiny = 2.220446049250313e-16;

// Symmetric affinities, stored by row; they sum to 1 over all pairs.
struct Affinities {
  std::vector<std::size_t> starts;  // [N + 1]
  std::vector<std::int32_t> columns;
  std::vector<float> values;
};

// The conditional distribution over squared distances whose entropy is ln(perplexity), by
// bisection of its precision.
void calibrate(const float* distances, std::size_t count, double perplexity, double* p) {
  const double wanted = std::log(perplexity);
  double beta = 1, low = -std::numeric_limits<double>::infinity(),
         high = std::numeric_limits<double>::infinity();
  for (int step = 0; step < 100; ++step) {
    double sum = 0, weighted = 0;
    for (std::size_t i = 0; i < count; ++i) {
      p[i] = std::exp(-static_cast<double>(distances[i] - distances[0]) * beta);
      sum += p[i];
      weighted += p[i] * static_cast<double>(distances[i] - distances[0]);
    }
    for (std::size_t i = 0; i < count; ++i) p[i] /= sum;
    const double difference = std::log(sum) + beta * weighted / sum - wanted;
    if (std::abs(difference) < 1e-5) return;
    if (difference > 0) {
      low = beta;
      beta = std::isinf(high) ? beta * 2 : (beta + high) / 2;
    } else {
      high = beta;
      beta = std::isinf(low) ? beta / 2 : (beta + low) / 2;
    }
  }
}

Affinities affinities_of(const at::Tensor& points, double perplexity) {
  const std::int64_t count = points.size(0);
  const std::int64_t neighbours =
      std::min(count - 1, static_cast<std::int64_t>(3 * perplexity + 1));
  const at::Tensor centred = points - points.mean(0);
  const at::Tensor norms = centred.square().sum(1);
  std::vector<double> p(static_cast<std::size_t>(neighbours));
  struct Entry {
    std::int32_t row, column;
    float value;
  };
  std::vector<Entry> entries;
  entries.reserve(static_cast<std::size_t>(2 * count * neighbours));
  constexpr std::int64_t kRows = 512;
  for (std::int64_t first = 0; first < count; first += kRows) {
    const std::int64_t rows = std::min(kRows, count - first);
    at::Tensor distances = at::addmm(norms.unsqueeze(0), centred.narrow(0, first, rows),
                                     centred.t(), 1, -2);  // [rows, N]
    distances.add_(norms.narrow(0, first, rows).unsqueeze(1)).clamp_min_(0);
    for (std::int64_t i = 0; i < rows; ++i) {
      distances.mutable_data_ptr<float>()[i * count + first + i] =
          std::numeric_limits<float>::infinity();
    }
    const auto [nearest, index] = distances.topk(neighbours, 1, /*largest=*/false);
    for (std::int64_t i = 0; i < rows; ++i) {
      calibrate(nearest.const_data_ptr<float>() + i * neighbours,
                static_cast<std::size_t>(neighbours), perplexity, p.data());
      const std::int64_t* columns = index.const_data_ptr<std::int64_t>() + i * neighbours;
      for (std::int64_t j = 0; j < neighbours; ++j) {
        const auto row = static_cast<std::int32_t>(first + i);
        const auto column = static_cast<std::int32_t>(columns[j]);
        const auto value =
            static_cast<float>(p[static_cast<std::size_t>(j)] / (2 * static_cast<double>(count)));
        entries.push_back({row, column, value});
        entries.push_back({column, row, value});
      }
    }
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.row != b.row ? a.row < b.row : a.column < b.column;
  });
  Affinities result;
  result.starts.push_back(0);
  std::int32_t row = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    while (row < entries[i].row) {
      result.starts.push_back(result.values.size());
      ++row;
    }
    if (i > 0 && entries[i].row == entries[i - 1].row &&
        entries[i].column == entries[i - 1].column) {
      result.values.back() += entries[i].value;
    } else {
      result.columns.push_back(entries[i].column);
      result.values.push_back(entries[i].value);
    }
  }
  while (static_cast<std::int64_t>(result.starts.size()) <= count) {
    result.starts.push_back(result.values.size());
  }
  return result;
}

// The repulsion on point (x, y) by all points at (xs, ys): the sums of q, q^2 dx and q^2 dy with
// q = 1 / (1 + distance^2). `count` is a multiple of kLanes. Sixteen independent sums, so that the
// loop vectorises without -ffast-math; compiled for each vector width.
struct Repulsion {
  double q = 0, x = 0, y = 0;
};
MINET_WIDE_CLONES void repel(float x, float y, const float* xs, const float* ys, std::size_t count,
                             Repulsion* result) {
  float q_sum[kLanes] = {}, x_sum[kLanes] = {}, y_sum[kLanes] = {};
  for (std::size_t j = 0; j < count; j += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const float dx = x - xs[j + lane], dy = y - ys[j + lane];
      const float q = 1.0F / (1.0F + dx * dx + dy * dy);
      q_sum[lane] += q;
      x_sum[lane] += q * q * dx;
      y_sum[lane] += q * q * dy;
    }
  }
  *result = {};
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    result->q += static_cast<double>(q_sum[lane]);
    result->x += static_cast<double>(x_sum[lane]);
    result->y += static_cast<double>(y_sum[lane]);
  }
}

class Layout {
 public:
  Layout(const Affinities& affinities, const at::Tensor& start /* [N, 2] */)
      : affinities_(affinities), count_(static_cast<std::size_t>(start.size(0))) {
    // Padding lies so far away that it contributes nothing.
    const std::size_t padded = (count_ + kLanes - 1) / kLanes * kLanes;
    x_.assign(padded, 1e18F);
    y_.assign(padded, 1e18F);
    const at::Tensor values = start.to(at::kFloat).contiguous();
    for (std::size_t i = 0; i < count_; ++i) {
      x_[i] = values.const_data_ptr<float>()[2 * i];
      y_[i] = values.const_data_ptr<float>()[2 * i + 1];
    }
    gradient_.resize(2 * count_);
    step_.assign(2 * count_, 0);
    gains_.assign(2 * count_, 1);
  }

  void iterate(double exaggeration, double momentum, double rate) {
    find_gradient(exaggeration);
    for (std::size_t i = 0; i < 2 * count_; ++i) {
      const double g = gradient_[i];
      gains_[i] = step_[i] * g < 0 ? gains_[i] + 0.2 : std::max(0.01, gains_[i] * 0.8);
      step_[i] = momentum * step_[i] - rate * gains_[i] * g;
      float& value = i < count_ ? x_[i] : y_[i - count_];
      value = static_cast<float>(static_cast<double>(value) + step_[i]);
    }
  }

  double kl() {  // of the current map
    double normaliser = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      Repulsion all;
      repel(x_[i], y_[i], x_.data(), y_.data(), x_.size(), &all);
      normaliser += all.q - 1;
    }
    double sum = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      for (std::size_t e = affinities_.starts[i]; e < affinities_.starts[i + 1]; ++e) {
        const auto j = static_cast<std::size_t>(affinities_.columns[e]);
        const double dx = x_[i] - x_[j], dy = y_[i] - y_[j];
        const double q = std::max(kTiny, 1 / (1 + dx * dx + dy * dy) / normaliser);
        const double p = affinities_.values[e];
        if (p > 0) sum += p * std::log(std::max(p, kTiny) / q);
      }
    }
    return sum;
  }

  std::vector<float> x() const { return {x_.begin(), x_.begin() + offset()}; }
  std::vector<float> y() const { return {y_.begin(), y_.begin() + offset()}; }

 private:
  std::ptrdiff_t offset() const { return static_cast<std::ptrdiff_t>(count_); }

  void find_gradient(double exaggeration) {
    double normaliser = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      Repulsion all;
      repel(x_[i], y_[i], x_.data(), y_.data(), x_.size(), &all);
      normaliser += all.q - 1;  // without its own
      gradient_[i] = -all.x;
      gradient_[count_ + i] = -all.y;
    }
    for (std::size_t i = 0; i < count_; ++i) {
      double pull_x = 0, pull_y = 0;
      for (std::size_t e = affinities_.starts[i]; e < affinities_.starts[i + 1]; ++e) {
        const auto j = static_cast<std::size_t>(affinities_.columns[e]);
        const double dx = x_[i] - x_[j], dy = y_[i] - y_[j];
        const double pq = affinities_.values[e] / (1 + dx * dx + dy * dy);
        pull_x += pq * dx;
        pull_y += pq * dy;
      }
      gradient_[i] = 4 * (exaggeration * pull_x + gradient_[i] / normaliser);
      gradient_[count_ + i] = 4 * (exaggeration * pull_y + gradient_[count_ + i] / normaliser);
    }
  }

  const Affinities& affinities_;
  std::size_t count_;
  std::vector<float> x_, y_;
  std::vector<double> gradient_, step_, gains_;  // all x, then all y
};

// The first two principal components, scaled so that the first has a deviation of 1e-4.
at::Tensor principal_start(const at::Tensor& points) {
  const at::Tensor centred = (points - points.mean(0)).to(at::kDouble);
  const at::Tensor covariance = at::mm(centred.t(), centred);
  const auto [values, vectors] = at::linalg_eigh(covariance);  // ascending
  const std::int64_t width = points.size(1), kept = std::min<std::int64_t>(2, width);
  at::Tensor axes = vectors.narrow(1, width - kept, kept).flip(1).contiguous();  // [H, 2]
  for (std::int64_t k = 0; k < kept; ++k) {  // largest entry positive: fixes the signs
    at::Tensor axis = axes.select(1, k);
    if (axis[axis.abs().argmax().item<std::int64_t>()].item<double>() < 0) axis.neg_();
  }
  at::Tensor start = at::mm(centred, axes);
  if (kept < 2) start = at::cat({start, at::zeros_like(start)}, 1);
  const double deviation = start.select(1, 0).std(/*unbiased=*/false).item<double>();
  return deviation > 0 ? start * (1e-4 / deviation) : start;
}

}  // namespace

TsneMap tsne_map(const at::Tensor& points, const TsneMapOptions& options) {
  const at::NoGradGuard no_grad;
  const std::int64_t count = points.size(0);
  if (count < 4 || count > kMaxTsnePoints) {
    throw InputError(text("t-SNE: expected 4 to ", kMaxTsnePoints, " clips, got ", count,
                          "; choose another number of clips"));
  }
  if (!(options.perplexity >= 1 && options.perplexity < static_cast<double>(count))) {
    throw InputError(text("perplexity: expected at least 1 and less than the ", count,
                          " clips, got ", options.perplexity));
  }
  const at::Tensor rows = points.to(at::kCPU, at::kFloat).contiguous();
  const Affinities affinities = affinities_of(rows, options.perplexity);
  Layout layout(affinities, principal_start(rows));
  const double rate = std::max(static_cast<double>(count) / options.exaggeration / 4, 50.0);
  Progress progress("t-SNE", options.iterations, "iterations");
  for (std::int64_t i = 0; i < options.iterations; ++i) {
    throw_if_stopped("stopped while evaluating; nothing was written");
    const bool early = i < kExploration;
    layout.iterate(early ? options.exaggeration : 1, early ? 0.5 : 0.8, rate);
    progress.update(i + 1);
  }
  progress.finish();
  return {.x = layout.x(), .y = layout.y(), .kl = layout.kl()};
}

}  // namespace minet::evaluation
