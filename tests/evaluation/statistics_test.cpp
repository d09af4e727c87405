// The arithmetic of NDB and 1-NN: against scikit-learn and NumPy (make_golden.py), and on synthetic
// cases with known answers.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "evaluation/ndb_bins.hpp"
#include "evaluation/statistics/bins.hpp"
#include "evaluation/statistics/gram_kmeans.hpp"
#include "evaluation/statistics/nearest.hpp"
#include "evaluation/statistics/proportion.hpp"
#include "evaluation/statistics/tsne_map.hpp"
#include "evaluation/support.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/random.hpp"

namespace minet::evaluation {
namespace {

at::Tensor gram_of(const at::Tensor& rows, std::int64_t width) {
  GramMatrix gram(rows.size(0));
  for (std::int64_t first = 0; first < rows.size(1); first += width) {
    gram.add(rows.narrow(1, first, std::min(width, rows.size(1) - first)));
  }
  return gram.finish();
}

std::vector<std::int64_t> first_numbers(std::int64_t count) {
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

std::vector<std::int64_t> counts_of(const std::vector<std::int64_t>& bins, std::int64_t count) {
  return BinnedClips{.bins = bins, .tracks = {}}.counts(count);
}

TEST(Bins, CountsAndZAreNumPysGivenTheSameCentres) {
  const nlohmann::json figures = golden_figures("figures.json");
  const at::Tensor centres = golden_array("centres.npy");
  const auto counts = counts_of(nearest_bins(centres, golden_array("points.npy")), 20);
  const auto judged = counts_of(nearest_bins(centres, golden_array("judged.npy")), 20);
  EXPECT_EQ(counts, figures["counts"].get<std::vector<std::int64_t>>());
  EXPECT_EQ(judged, figures["judged_counts"].get<std::vector<std::int64_t>>());
  const BinFigures found = compare_bins(counts, judged);
  const std::vector<double> z = figures["z"];
  for (std::size_t k = 0; k < z.size(); ++k) EXPECT_NEAR(found.z[k], z[k], 1e-9) << k;
  EXPECT_EQ(found.ndb, figures["ndb"]);
  EXPECT_NEAR(found.js, figures["js"], 1e-12);
}

TEST(GramKmeans, InertiaIsNoWorseThanScikitLearnsByMoreThanOnePercent) {
  const at::Tensor points = golden_array("points.npy");
  const GramClusters found =
      gram_kmeans(gram_of(points, 7), first_numbers(600), {.clusters = 20, .restarts = 10});
  EXPECT_LT(found.inertia, 1.01 * golden_figures("figures.json")["inertia"].get<double>());
  // The inertia is that of the labels, computed from the points.
  const at::Tensor centres = bin_centres(
      found.labels, 20, 24, 50,
      [&](std::int64_t first, std::int64_t count) { return points.narrow(0, first, count); });
  const at::Tensor own = centres.index_select(0, at::tensor(found.labels, at::kLong));
  EXPECT_NEAR((points - own).square().sum(at::kDouble).item<double>(), found.inertia,
              1e-4 * found.inertia);
  // Lloyd's algorithm has converged: each point is in the bin of its nearest centre.
  EXPECT_EQ(nearest_bins(centres, points), found.labels);
  EXPECT_EQ(counts_of(found.labels, 20), found.sizes);
  EXPECT_TRUE(std::is_sorted(found.sizes.rbegin(), found.sizes.rend()));
}

TEST(GramKmeans, StripesOfAnyWidthGiveTheSameClusters) {
  const at::Tensor points = golden_array("points.npy");
  const auto labels = [&](std::int64_t width) {
    return gram_kmeans(gram_of(points, width), first_numbers(600), {.clusters = 12}).labels;
  };
  EXPECT_EQ(labels(1), labels(24));
}

TEST(GramKmeans, OthersGoToTheClusterWhoseMeanIsNearest) {
  const at::Tensor points = golden_array("points.npy");
  const auto members = first_numbers(300);
  std::vector<std::int64_t> others(300);
  std::iota(others.begin(), others.end(), 300);
  const at::Tensor gram = gram_of(points, 24);
  const GramClusters clusters = gram_kmeans(gram, members, {.clusters = 15});
  const at::Tensor centres = bin_centres(
      clusters.labels, 15, 24, 64,
      [&](std::int64_t first, std::int64_t count) { return points.narrow(0, first, count); });
  EXPECT_EQ(gram_nearest(gram, members, clusters, others),
            nearest_bins(centres, points.narrow(0, 300, 300)));
}

TEST(GramKmeans, EqualPointsStillFillEveryCluster) {
  const at::Tensor points = at::ones({10, 3});
  const GramClusters found = gram_kmeans(gram_of(points, 3), first_numbers(10), {.clusters = 4});
  EXPECT_NEAR(found.inertia, 0, 1e-9);
  for (const std::int64_t size : found.sizes) EXPECT_GT(size, 0);
}

// Synthetic bins: `share` of the clips are spread as in training, the others fall into bin 0.
std::vector<std::int64_t> made_counts(double share, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::int64_t> counts(50, 0);
  for (int i = 0; i < 1600; ++i) {
    ++counts[random.uniform() < share ? static_cast<std::size_t>(random.below(50)) : 0];
  }
  return counts;
}

TEST(Bins, APerfectSourceScoresTheFloorACollapsedOneMoreAndAConstantOneNearAll) {
  const auto train = made_counts(1, 1);
  const std::int64_t perfect = compare_bins(train, made_counts(1, 2)).ndb;
  const std::int64_t collapsed = compare_bins(train, made_counts(0.7, 3)).ndb;
  const std::int64_t constant = compare_bins(train, made_counts(0, 4)).ndb;
  EXPECT_LE(perfect, 7);  // 2.5 on average
  EXPECT_GT(collapsed, perfect + 5);
  EXPECT_LT(collapsed, constant);
  EXPECT_EQ(constant, 50);
}

TEST(Bins, AnEmptyBinIsNotDifferentAndFewClipsAreCounted) {
  const std::vector<std::int64_t> reference{50, 50, 0}, judged{50, 49, 0};
  const BinFigures found = compare_bins(reference, judged);
  EXPECT_EQ(found.ndb, 0);
  EXPECT_EQ(found.z[2], 0);
  EXPECT_EQ(found.few, 1);
  EXPECT_NEAR(compare_bins(std::vector<std::int64_t>{9, 0}, std::vector<std::int64_t>{0, 9}).js,
              std::log(2), 1e-12);
}

TEST(Bins, DrawingTracksKnowsThatClipsOfATrackAreAlike) {
  // 1600 clips of 8 tracks, each track in its own bin: only 8 independent observations.
  BinnedClips alike, spread;
  Random random(5);
  for (std::int64_t i = 0; i < 1600; ++i) {
    alike.bins.push_back(i % 8);
    alike.tracks.push_back(i % 8);
    spread.bins.push_back(static_cast<std::int64_t>(random.below(8)));
    spread.tracks.push_back(i % 8);
  }
  const BinIntervals wide = bootstrap_bins(alike, alike, 8, 300, 1);
  const BinIntervals narrow = bootstrap_bins(spread, spread, 8, 300, 1);
  EXPECT_GT(wide.js->high, 10 * narrow.js->high);
  EXPECT_LE(narrow.ndb->low, narrow.ndb->high);
}

TEST(NearestByCosine, LabelsAreScikitLearns) {
  const nlohmann::json figures = golden_figures("figures.json");
  const at::Tensor points = golden_array("points.npy"), judged = golden_array("judged.npy");
  const Neighbours found = nearest_by_cosine(judged, points, std::vector<std::int64_t>(200, 1),
                                             std::vector<std::int64_t>(600, 0));
  for (std::size_t i = 0; i < 200; ++i) {
    EXPECT_EQ(figures["labels"][static_cast<std::size_t>(found.nearest[i])], figures["guessed"][i]);
  }
  EXPECT_EQ(found.left_out, 0);
}

TEST(NearestByCosine, AClipOfTheSameGroupIsNeverTheAnswer) {
  // Labels unrelated to the vectors, and every query also in the base: a leak would be right every
  // time, a proper neighbour no more often than chance.
  Random random(3);
  const std::int64_t count = 400;
  at::Tensor rows = at::empty({count, 16});
  for (std::int64_t i = 0; i < rows.numel(); ++i) {
    rows.mutable_data_ptr<float>()[i] = static_cast<float>(random.normal());
  }
  std::vector<std::int64_t> labels, groups, nobody(static_cast<std::size_t>(count), -1);
  for (std::int64_t i = 0; i < count; ++i) {
    labels.push_back(static_cast<std::int64_t>(random.below(10)));
    groups.push_back(i / 4);
  }
  const auto right = [&](const Neighbours& found) {
    int sum = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      sum += labels[static_cast<std::size_t>(found.nearest[i])] == labels[i] ? 1 : 0;
    }
    return sum;
  };
  EXPECT_EQ(right(nearest_by_cosine(rows, rows, nobody, groups)), count);
  const Neighbours honest = nearest_by_cosine(rows, rows, groups, groups);
  EXPECT_LT(right(honest), count / 5);
  EXPECT_EQ(honest.left_out, count * 4);
  const Neighbours none = nearest_by_cosine(rows, rows, std::vector<std::int64_t>(400, 0),
                                            std::vector<std::int64_t>(400, 0));
  EXPECT_EQ(none.nearest[0], -1);
}

TEST(TsneMap, IsAsGoodAsScikitLearns) {
  const TsneMap map = tsne_map(golden_array("points.npy"), {});
  ASSERT_EQ(map.x.size(), 600U);
  const double wanted = golden_figures("figures.json")["tsne_kl"];
  EXPECT_LT(map.kl, wanted * 1.05);
  EXPECT_GT(map.kl, wanted * 0.8) << "a KL this much lower would not be the same measure";
}

TEST(TsneMap, KeepsApartWhatIsApartAndRepeats) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(3);
  at::Tensor points = at::empty({90, 8}).normal_(0, 1, generator);
  points.narrow(0, 30, 30).add_(12);
  points.narrow(0, 60, 30).sub_(12);
  const TsneMap map = tsne_map(points, {.perplexity = 10});
  EXPECT_EQ(map.x, tsne_map(points, {.perplexity = 10}).x);
  for (std::size_t i = 0; i < 90; ++i) {
    std::size_t nearest = i;
    float least = 1e30F;
    for (std::size_t j = 0; j < 90; ++j) {
      const float dx = map.x[i] - map.x[j], dy = map.y[i] - map.y[j];
      if (j == i || dx * dx + dy * dy >= least) continue;
      least = dx * dx + dy * dy;
      nearest = j;
    }
    EXPECT_EQ(nearest / 30, i / 30) << i;
  }
}

TEST(TsneMap, TooFewPointsAndAWrongPerplexityAreRefused) {
  EXPECT_THROW(tsne_map(at::zeros({3, 2}), {.perplexity = 2}), InputError);
  EXPECT_THROW(tsne_map(at::zeros({20, 2}), {.perplexity = 20}), InputError);
  const TsneMap same = tsne_map(at::zeros({20, 2}), {.perplexity = 5});  // all points coincide
  for (const float x : same.x) EXPECT_TRUE(std::isfinite(x));
}

// statsmodels 0.15.0: proportion_confint(count, nobs, method="wilson").
TEST(WilsonInterval, IsStatsmodels) {
  const auto expect = [](std::int64_t count, std::int64_t answers, double low, double high) {
    const WilsonInterval interval = wilson({.count = count, .answers = answers});
    EXPECT_NEAR(interval.low, low, 1e-10) << count << " of " << answers;
    EXPECT_NEAR(interval.high, high, 1e-10) << count << " of " << answers;
  };
  expect(0, 10, 0.0, 0.27753279986288926);
  expect(5, 10, 0.23659309051256394, 0.7634069094874361);
  expect(10, 10, 0.7224672001371106, 1.0);
  expect(1, 1, 0.2065493143772374, 1.0);
  expect(468, 1950, 0.22156708571971767, 0.25945528924204947);
  expect(1, 39, 0.004540703100990112, 0.13180990169850076);
}

TEST(WilsonInterval, OfNoAnswersIsEverything) {
  EXPECT_EQ(wilson({}).low, 0);
  EXPECT_EQ(wilson({}).high, 1);
}

}  // namespace
}  // namespace minet::evaluation
