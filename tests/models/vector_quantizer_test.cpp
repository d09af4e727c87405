// The codebook: nearest codes, EMA against hand calculation, k-means, revival, usage.
#include "minet/models/vector_quantizer.hpp"

#include <cmath>
#include <set>

#include "models/kmeans.hpp"
#include "models/support.hpp"

namespace minet::models {
namespace {

config::VqVaeConfig shape(std::int64_t codes, std::int64_t width) {
  config::VqVaeConfig config;
  config.codes = codes;
  config.code_width = width;
  return config;
}

TEST(VectorQuantizerTest, TheNearestCodeIsTheOneOfLeastEuclideanDistance) {
  VectorQuantizer quantizer(shape(300, 8));
  quantizer->codes.copy_(random_tensor({300, 8}, 1));
  const at::Tensor vectors = random_tensor({5000, 8}, 2);  // more than one slice
  const at::Tensor chosen = quantizer->nearest(vectors);
  const at::Tensor exact = at::cdist(vectors.to(at::kDouble), quantizer->codes.to(at::kDouble));
  EXPECT_TRUE(chosen.equal(exact.argmin(1)));
}

TEST(VectorQuantizerTest, TiesGoToTheLowestIndex) {
  VectorQuantizer quantizer(shape(64, 4));
  const at::Tensor one = random_tensor({4}, 1);
  quantizer->codes.copy_(random_tensor({64, 4}, 2).add_(10));
  for (const std::int64_t same : {9, 30, 63}) quantizer->codes.select(0, same).copy_(one);
  EXPECT_TRUE(quantizer->nearest(one.repeat({7, 1})).eq(9).all().item<bool>());
  // Two codes at the same distance on opposite sides.
  VectorQuantizer line(shape(2, 1));
  line->codes.copy_(at::tensor({1.0f, -1.0f}).view({2, 1}));
  EXPECT_EQ(line->nearest(at::zeros({1, 1})).item<std::int64_t>(), 0);
  line->codes.neg_();
  EXPECT_EQ(line->nearest(at::zeros({1, 1})).item<std::int64_t>(), 0);
}

TEST(VectorQuantizerTest, AnUpdateIsTheMovingAverageOfTheFormula) {
  config::VqVaeConfig config = shape(2, 1);
  config.ema_decay = 0.9;
  config.laplace = 0.5;  // large, so that it shows
  VectorQuantizer quantizer(config);
  quantizer->counts.copy_(at::tensor({2.0f, 4.0f}));
  quantizer->sums.copy_(at::tensor({6.0f, -4.0f}).view({2, 1}));
  quantizer->update(at::tensor({1.0f, 5.0f, -3.0f}).view({3, 1}), at::tensor({0, 0, 1}, at::kLong));
  const double counts[] = {0.9 * 2 + 0.1 * 2, 0.9 * 4 + 0.1 * 1};  // 2, 3.7
  const double sums[] = {0.9 * 6 + 0.1 * 6, 0.9 * -4 + 0.1 * -3};  // 6, -3.9
  const double n = counts[0] + counts[1];
  for (int k = 0; k < 2; ++k) {
    EXPECT_NEAR(quantizer->counts[k].item<double>(), counts[k], 1e-6);
    EXPECT_NEAR(quantizer->sums[k][0].item<double>(), sums[k], 1e-6);
    const double smoothed = (counts[k] + 0.5) / (n + 2 * 0.5) * n;
    EXPECT_NEAR(quantizer->codes[k][0].item<double>(), sums[k] / smoothed, 1e-6);
  }
}

TEST(VectorQuantizerTest, AnUpdateKeepsNoGraph) {
  VectorQuantizer quantizer(shape(4, 3));
  at::Tensor weight = random_tensor({6, 3}, 1).set_requires_grad(true);
  quantizer->update(weight * 2, at::zeros({6}, at::kLong));
  EXPECT_FALSE(quantizer->codes.requires_grad());
  EXPECT_FALSE(quantizer->sums.requires_grad());
}

TEST(VectorQuantizerTest, KmeansFindsWellSeparatedClusters) {
  const std::int64_t clusters = 12, each = 40;
  const at::Tensor centres = random_tensor({clusters, 5}, 1) * 50;
  const at::Tensor vectors =
      centres.repeat_interleave(each, 0) + 0.1 * random_tensor({clusters * each, 5}, 2);
  VectorQuantizer quantizer(shape(clusters, 5));
  EXPECT_FALSE(quantizer->is_started());
  quantizer->initialise(vectors, {.seed = 4, .tokens_per_batch = 96});
  EXPECT_TRUE(quantizer->is_started());
  const at::Tensor nearest = at::cdist(centres, quantizer->codes).amin(1);
  EXPECT_LT(nearest.max().item<double>(), 0.2);
  // Counts are cluster sizes scaled to a batch, and sums are counts times codes.
  EXPECT_NEAR(quantizer->counts.sum().item<double>(), 96, 1e-3);
  EXPECT_LT(largest_difference(quantizer->counts, at::full({clusters}, 8.0)), 1e-4);
  EXPECT_LT(largest_difference(quantizer->sums, quantizer->codes * 8.0), 1e-3);
}

TEST(VectorQuantizerTest, KmeansIsDeterministicAndItsSeedMatters) {
  const at::Tensor vectors = random_tensor({500, 6}, 1);
  const auto run = [&](std::uint64_t seed) {
    return kmeans(vectors, {.clusters = 40, .iterations = 20, .seed = seed});
  };
  EXPECT_TRUE(run(1).codes.equal(run(1).codes));
  EXPECT_FALSE(run(1).codes.equal(run(2).codes));
}

TEST(VectorQuantizerTest, KmeansIterationsLowerTheError) {
  const at::Tensor vectors = random_tensor({800, 6}, 1);
  const auto error = [&](std::int64_t iterations) {
    const at::Tensor codes =
        kmeans(vectors, {.clusters = 50, .iterations = iterations, .seed = 3}).codes;
    return at::cdist(vectors, codes).amin(1).pow(2).mean().item<double>();
  };
  EXPECT_LT(error(20), 0.9 * error(0));
  EXPECT_LE(error(20), error(3));
}

TEST(VectorQuantizerTest, KmeansIsAsGoodAsScikitLearns) {
  // The same numbers as in PyTorch, g = torch.Generator().manual_seed(11):
  //   x = torch.randn(4000, 8, generator=g) * torch.exp(1.5 * torch.randn(4000, 1, generator=g))
  // KMeans(128, n_init=1, max_iter=20, random_state=i, algorithm="lloyd").fit(x).inertia_ of
  // scikit-learn 1.9.1 for i = 0..7: 199301 to 207038, mean 202006; with its plain k-means++ 6 %
  // more.
  at::Generator generator = at::detail::createCPUGenerator(11);
  at::Tensor vectors = at::randn({4000, 8}, generator);
  vectors = vectors * at::exp(1.5 * at::randn({4000, 1}, generator));
  double inertia = 0;  // mean of four seeds
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    const at::Tensor codes = kmeans(vectors, {.clusters = 128, .seed = seed}).codes;
    const at::Tensor nearest = codes.index_select(0, nearest_rows(vectors, codes));
    inertia += (vectors - nearest).square().sum(at::kDouble).item<double>() / 4;
  }
  EXPECT_NEAR(inertia, 202006, 0.02 * 202006);
}

TEST(VectorQuantizerTest, KmeansFillsEveryClusterEvenWithManyEqualVectors) {
  // 200 copies of one vector and 15 others: k-means++ and reseeding must find the others.
  const at::Tensor others = random_tensor({15, 3}, 1);
  const at::Tensor vectors = at::cat({at::ones({200, 3}) * 5, others});
  const KmeansResult result = kmeans(vectors, {.clusters = 16, .iterations = 20, .seed = 1});
  EXPECT_EQ(result.sizes.gt(0).sum().item<std::int64_t>(), 16);
  EXPECT_LT(at::cdist(vectors, result.codes).amin(1).max().item<double>(), 1e-3);
}

TEST(VectorQuantizerTest, KmeansOfFewerVectorsThanCodesIsRefused) {
  VectorQuantizer quantizer(shape(10, 3));
  EXPECT_NE(input_error([&] {
              quantizer->initialise(random_tensor({9, 3}, 1), {.tokens_per_batch = 10});
            }).find("at least 10 vectors, got [9, 3]"),
            std::string::npos);
  at::Tensor broken = random_tensor({20, 3}, 1);
  broken[3][1] = NAN;
  input_error([&] { quantizer->initialise(broken, {.tokens_per_batch = 10}); });
}

TEST(VectorQuantizerTest, RevivalGivesDeadCodesVectorsOfTheBatch) {
  VectorQuantizer quantizer(shape(10, 3));  // threshold 0.25
  quantizer->codes.copy_(random_tensor({10, 3}, 1));
  quantizer->counts.fill_(4);
  const at::Tensor vectors = random_tensor({40, 3}, 2);  // 4 tokens per code: dead below 1
  quantizer->counts[2] = 0.99;
  quantizer->counts[5] = 1.0;
  quantizer->counts[7] = 0.0;
  const at::Tensor before = quantizer->codes.clone();
  EXPECT_EQ(quantizer->revive(vectors, {.seed = 1, .step = 20}).item<std::int64_t>(), 2);
  for (std::int64_t k = 0; k < 10; ++k) {
    const bool revived = k == 2 || k == 7;
    EXPECT_EQ(quantizer->codes[k].equal(before[k]), !revived) << k;
    if (!revived) continue;
    const at::Tensor equal = vectors.eq(quantizer->codes[k]).all(1);  // [M]
    EXPECT_TRUE(equal.any().item<bool>()) << k;
    EXPECT_EQ(quantizer->counts[k].item<double>(), 4);
    EXPECT_TRUE(quantizer->sums[k].equal(quantizer->codes[k] * 4));
  }
  EXPECT_FALSE(quantizer->codes[2].equal(quantizer->codes[7]));
  EXPECT_EQ(quantizer->revive(vectors, {.seed = 1, .step = 40}).item<std::int64_t>(), 0);
}

TEST(VectorQuantizerTest, RevivalIsAFunctionOfSeedAndStep) {
  const at::Tensor vectors = random_tensor({40, 3}, 2);
  const auto revived = [&](std::uint64_t seed, std::int64_t step) {
    VectorQuantizer quantizer(shape(10, 3));
    EXPECT_EQ(quantizer->revive(vectors, {.seed = seed, .step = step}).item<std::int64_t>(), 10);
    return quantizer->codes;
  };
  EXPECT_TRUE(revived(1, 20).equal(revived(1, 20)));
  EXPECT_FALSE(revived(1, 20).equal(revived(1, 40)));
  EXPECT_FALSE(revived(1, 20).equal(revived(2, 20)));
}

TEST(VectorQuantizerTest, UsageCountsCodesAndTheirPerplexity) {
  VectorQuantizer quantizer(shape(8, 2));
  const CodeUsage even = quantizer->usage(at::tensor({0, 1, 2, 3}, at::kLong).repeat({2, 3}));
  EXPECT_EQ(even.distinct, 4);
  EXPECT_NEAR(even.perplexity, 4, 1e-9);
  const CodeUsage one = quantizer->usage(at::full({5}, 7, at::kLong));
  EXPECT_EQ(one.distinct, 1);
  EXPECT_NEAR(one.perplexity, 1, 1e-9);
  const std::vector<std::int64_t> histogram = {3, 1, 0};
  EXPECT_NEAR(usage_of_histogram(histogram).perplexity,
              std::exp(-0.75 * std::log(0.75) - 0.25 * std::log(0.25)), 1e-12);
  EXPECT_EQ(usage_of_histogram({}).perplexity, 0);
}

}  // namespace
}  // namespace minet::models
