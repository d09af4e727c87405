#include "evaluation/statistics/bins.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <numeric>

#include "minet/core/random.hpp"

namespace minet::evaluation {
namespace {

double half_kl(double p, double q) {  // half of p ln(p / m), m the mean of p and q
  return p > 0 ? 0.5 * p * std::log(2 * p / (p + q)) : 0;
}

// One histogram per track, so that a resampling only sums histograms.
std::vector<std::vector<std::int64_t>> by_track(const BinnedClips& clips, std::int64_t bins) {
  std::map<std::int64_t, std::vector<std::int64_t>> histograms;
  for (std::size_t i = 0; i < clips.bins.size(); ++i) {
    auto& histogram = histograms[clips.tracks[i]];
    histogram.resize(static_cast<std::size_t>(bins));
    ++histogram[static_cast<std::size_t>(clips.bins[i])];
  }
  std::vector<std::vector<std::int64_t>> result;
  for (auto& [track, histogram] : histograms) result.push_back(std::move(histogram));
  return result;
}

std::vector<std::int64_t> draw(const std::vector<std::vector<std::int64_t>>& tracks,
                               std::int64_t bins, Random& random) {
  std::vector<std::int64_t> sum(static_cast<std::size_t>(bins), 0);
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    const auto& histogram = tracks[static_cast<std::size_t>(random.below(tracks.size()))];
    for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += histogram[k];
  }
  return sum;
}

}  // namespace

BinFigures compare_bins(std::span<const std::int64_t> reference,
                        std::span<const std::int64_t> judged, double alpha) {
  const auto total = [](std::span<const std::int64_t> counts) {
    return static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
  };
  const double reference_total = total(reference), judged_total = total(judged);
  BinFigures figures;
  for (std::size_t k = 0; k < reference.size(); ++k) {
    const auto a = static_cast<double>(reference[k]), b = static_cast<double>(judged[k]);
    const double p = a / reference_total, q = b / judged_total;
    const double pooled = (a + b) / (reference_total + judged_total);
    const double error =
        std::sqrt(pooled * (1 - pooled) * (1 / reference_total + 1 / judged_total));
    const double z = error > 0 ? (q - p) / error : 0;
    figures.z.push_back(z);
    if (std::erfc(std::abs(z) / std::numbers::sqrt2) < alpha) ++figures.ndb;
    if (pooled * std::min(reference_total, judged_total) < kFewExpected) ++figures.few;
    figures.js += half_kl(p, q) + half_kl(q, p);
  }
  figures.js = std::max(0.0, figures.js);
  return figures;
}

std::vector<std::int64_t> BinnedClips::counts(std::int64_t bin_count) const {
  std::vector<std::int64_t> result(static_cast<std::size_t>(bin_count), 0);
  for (const std::int64_t bin : bins) ++result.at(static_cast<std::size_t>(bin));
  return result;
}

BinIntervals bootstrap_bins(const BinnedClips& reference, const BinnedClips& judged,
                            std::int64_t bin_count, std::int64_t rounds, std::uint64_t seed) {
  const auto reference_tracks = by_track(reference, bin_count);
  const auto judged_tracks = by_track(judged, bin_count);
  if (std::min(reference_tracks.size(), judged_tracks.size()) < kFewestTracks) return {};
  Random random(derive_seed(seed, "bootstrap of bins"));
  std::vector<double> ndb, js;
  for (std::int64_t round = 0; round < rounds; ++round) {
    const BinFigures figures = compare_bins(draw(reference_tracks, bin_count, random),
                                            draw(judged_tracks, bin_count, random));
    ndb.push_back(static_cast<double>(figures.ndb));
    js.push_back(figures.js);
  }
  return {.ndb = percentiles(std::move(ndb)), .js = percentiles(std::move(js))};
}

Interval percentiles(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    const double place = share * static_cast<double>(values.size() - 1);
    return values[static_cast<std::size_t>(std::lround(place))];
  };
  return {.low = at(0.025), .high = at(0.975)};
}

}  // namespace minet::evaluation
