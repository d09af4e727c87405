// Random numbers against values from an independent implementation in Python (the same algorithms,
// written from their descriptions). Rust's rand_xoshiro also gives the same first value for
// seed 0.
#include "minet/core/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "minet/core/errors.hpp"

using namespace minet;

TEST(Random, GivesTheReferenceSequence) {
  Random zero(0);
  for (const std::uint64_t expected :
       {0x53175d61490b23dfULL, 0x61da6f3dc380d507ULL, 0x5c0fdf91ec9a7bfcULL, 0x02eebf8c3bbe5e1aULL})
    EXPECT_EQ(zero.next(), expected);
  Random most(UINT64_MAX);
  for (const std::uint64_t expected :
       {0x56ccf8ce948e27b2ULL, 0xe68588432e5a5b90ULL, 0xe3e9b5a48119ca8bULL})
    EXPECT_EQ(most.next(), expected);
  Random fractions(42);
  EXPECT_EQ(fractions.uniform(), 0.8143051451229099);
  EXPECT_EQ(fractions.uniform(), 0.3188210400616611);
  EXPECT_EQ(Random(7).permutation(10), (std::vector<std::int64_t>{7, 9, 3, 6, 0, 4, 5, 2, 8, 1}));
}

TEST(Random, DerivedSeedsAreTheReferenceAndDiffer) {
  EXPECT_EQ(derive_seed(1, "order"), 0x93fba5ed3a26fefaULL);
  EXPECT_EQ(derive_seed(1, "order", 3), 0xf6b6bc71c627e76bULL);
  EXPECT_EQ(derive_seed(1, "dropout", 3, 7), 0x1829e9b7ae8e5b02ULL);
  EXPECT_EQ(derive_seed(0, ""), 0xd5784dc90ff56603ULL);
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed = 0; seed < 10; ++seed)
    for (const char* purpose : {"a", "b", "ab"})
      for (std::uint64_t i = 0; i < 10; ++i)
        for (std::uint64_t j = 0; j < 10; ++j) seen.insert(derive_seed(seed, purpose, i, j));
  EXPECT_EQ(seen.size(), 3000u);
}

TEST(Random, PermutationsArePermutations) {
  Random random(5);
  for (const std::int64_t n : {0, 1, 2, 17, 1000}) {
    auto order = random.permutation(n);
    std::sort(order.begin(), order.end());
    std::vector<std::int64_t> all(static_cast<std::size_t>(n));
    std::iota(all.begin(), all.end(), 0);
    EXPECT_EQ(order, all);
  }
  EXPECT_THROW(random.permutation(-1), WorkError);
}

TEST(Random, BelowIsEvenAndInside) {
  Random random(9);
  std::vector<int> counts(7);
  for (int i = 0; i < 70000; ++i) ++counts[random.below(7)];
  for (const int count : counts) EXPECT_NEAR(count, 10000, 500);  // five standard deviations
  for (int i = 0; i < 100; ++i) EXPECT_EQ(random.below(1), 0u);
  EXPECT_THROW(random.below(0), WorkError);
}

TEST(Random, NormalHasMeanZeroAndVarianceOne) {
  Random random(11);
  double sum = 0, squares = 0, fourth = 0;
  constexpr int kCount = 200000;
  for (int i = 0; i < kCount; ++i) {
    const double x = random.normal();
    sum += x, squares += x * x, fourth += x * x * x * x;
  }
  EXPECT_NEAR(sum / kCount, 0, 0.012);
  EXPECT_NEAR(squares / kCount, 1, 0.017);
  EXPECT_NEAR(fourth / kCount, 3, 0.15);
  for (int i = 0; i < 1000; ++i) {
    const double x = random.uniform(-2, 3);
    EXPECT_TRUE(x >= -2 && x < 3);
  }
}
