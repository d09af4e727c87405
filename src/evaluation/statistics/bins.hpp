// Compares two sets of clips by how often they fall into each bin (Richardson and Weiss 2018,
// "On GANs and GMMs": number of statistically different bins).
//
// For each bin a two-proportion z-test with the pooled proportion:
//   p = (a + b) / (n_a + n_b), z = (b / n_b - a / n_a) / sqrt(p (1 - p) (1 / n_a + 1 / n_b)),
// two-sided; a bin counts if its p-value is below alpha. Each bin counts once, without correction
// for multiple testing: equal distributions give alpha * K bins on average. A bin without any clip
// has z = 0. JS: Jensen-Shannon divergence of the two histograms, natural logarithm, at most
// ln 2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace minet::evaluation {

inline constexpr double kBinAlpha = 0.05;
inline constexpr double kFewExpected = 5;  // clips in a bin below which the z-test is coarse

struct BinFigures {
  std::int64_t ndb = 0;
  double js = 0;
  std::vector<double> z;  // [K], positive where `judged` has more
  std::int64_t few = 0;   // bins where either set is expected to have fewer than kFewExpected clips
};
BinFigures compare_bins(std::span<const std::int64_t> reference,
                        std::span<const std::int64_t> judged, double alpha = kBinAlpha);

// Clips of one source: the bin that each fell into, and its track.
struct BinnedClips {
  std::vector<std::int64_t> bins;
  std::vector<std::int64_t> tracks;
  std::vector<std::int64_t> counts(std::int64_t bin_count) const;  // [K]
};

inline constexpr std::size_t kFewestTracks = 2;  // resampling one track shows no spread

struct Interval {
  double low = 0, high = 0;
};
struct BinIntervals {
  std::optional<Interval> ndb, js;
};
// 95 % percentile intervals over `rounds` resamplings of whole tracks with replacement, in both
// sources: clips of one track are alike, and a test that takes them as independent is too
// confident. Resampling adds spread of its own, so the interval lies above the value itself. None
// if a source has fewer than kFewestTracks.
BinIntervals bootstrap_bins(const BinnedClips& reference, const BinnedClips& judged,
                            std::int64_t bin_count, std::int64_t rounds, std::uint64_t seed);

Interval percentiles(std::vector<double> values);  // 2.5 % and 97.5 %; values not empty

}  // namespace minet::evaluation
