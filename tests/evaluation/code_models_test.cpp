// Unigram and bigram against chains whose entropy is known.
#include "evaluation/code_models.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "evaluation/support.hpp"
#include "minet/core/random.hpp"

namespace minet::evaluation {
namespace {

constexpr std::int64_t kCodes = 20;

// After j: j again with probability 0.8, j + 1 with 0.15, any code with 0.05.
CodeSequence chain(std::int64_t length, std::uint64_t seed) {
  Random random(seed);
  CodeSequence sequence{0};
  while (static_cast<std::int64_t>(sequence.size()) < length) {
    const double u = random.uniform();
    const std::int64_t last = sequence.back();
    sequence.push_back(u < 0.8    ? last
                       : u < 0.95 ? (last + 1) % kCodes
                                  : static_cast<std::int64_t>(random.below(kCodes)));
  }
  return sequence;
}

double chain_entropy() {
  const double rest = 0.05 / kCodes;
  const double stay = 0.8 + rest, next = 0.15 + rest;
  return -(stay * std::log(stay) + next * std::log(next) + (kCodes - 2) * rest * std::log(rest));
}

std::vector<CodeSequence> chains(int count, std::int64_t length, std::uint64_t seed) {
  std::vector<CodeSequence> sequences;
  for (int i = 0; i < count; ++i) {
    sequences.push_back(chain(length, seed + static_cast<std::uint64_t>(i)));
  }
  return sequences;
}

TEST(CodeModels, TheBigramReachesTheEntropyOfAMarkovChain) {
  const CodeBaselines found = code_baselines(chains(10, 10000, 1), chains(5, 10000, 100), kCodes);
  EXPECT_NEAR(found.bigram_nats, chain_entropy(), 0.02);
  EXPECT_NEAR(found.unigram_nats, std::log(kCodes), 0.02);  // the chain visits all equally
  EXPECT_DOUBLE_EQ(found.uniform_nats, std::log(kCodes));
}

TEST(CodeModels, OnCodesWithoutOrderTheBigramIsNoBetterThanTheUnigram) {
  Random random(3);
  std::vector<CodeSequence> train(6), test(3);
  for (auto* part : {&train, &test}) {
    for (CodeSequence& sequence : *part) {
      for (int i = 0; i < 3000; ++i) {
        sequence.push_back(static_cast<std::int64_t>(random.below(random.below(kCodes) + 1)));
      }
    }
  }
  const CodeBaselines found = code_baselines(train, test, kCodes);
  EXPECT_LT(found.unigram_nats, found.uniform_nats - 0.1);
  EXPECT_NEAR(found.bigram_nats, found.unigram_nats, 0.01);
  EXPECT_GE(found.strength, 100);  // chosen on training tracks: pairs count for little
}

TEST(CodeModels, ProbabilitiesSumToOneEvenAfterACodeNeverSeen) {
  const std::vector<CodeSequence> train{{1, 1, 2, 1, 3, 3}};
  const Unigram unigram(train, 5, 0.1);
  const Bigram bigram(train, unigram, 5, 2);
  double sum = 0;
  for (int k = 0; k < 5; ++k) sum += unigram.probability(k);
  EXPECT_NEAR(sum, 1, 1e-12);
  for (int j = 0; j < 5; ++j) {
    sum = 0;
    for (int k = 0; k < 5; ++k) sum += bigram.probability(j, k);
    EXPECT_NEAR(sum, 1, 1e-12) << j;
  }
  EXPECT_EQ(bigram.probability(4, 1), unigram.probability(1));  // 4 was never seen
  // (n_11 + m u(1)) / (n_1 + m) with n_11 = 1, n_1 = 3.
  EXPECT_NEAR(bigram.probability(1, 1), (1 + 2 * (3.1 / 6.5)) / 5, 1e-12);
}

TEST(CodeModels, TheFirstCodeIsTheUnigrams) {
  const std::vector<CodeSequence> train{{0, 1, 0, 1, 0, 1}};
  const Unigram unigram(train, 2, 0.1);
  EXPECT_NEAR(nll(Bigram(train, unigram, 2, 0.1), {{1}}), -std::log(unigram.probability(1)), 1e-12);
}

TEST(CodeModels, ASingleTrainingTrackIsEnough) {
  const CodeBaselines found = code_baselines({chain(30000, 1)}, {chain(30000, 2)}, kCodes);
  EXPECT_NEAR(found.bigram_nats, chain_entropy(), 0.03);
  EXPECT_CONTAINS(input_error([] { code_baselines({{1}}, {{1}}, kCodes); }), "training split");
}

TEST(CodeModels, AFewTrainingCodesStillGiveFiniteFigures) {
  const CodeBaselines found = code_baselines({{1, 2}}, {{3, 4, 5}}, 1024);
  EXPECT_TRUE(std::isfinite(found.bigram_nats));
  EXPECT_TRUE(std::isfinite(found.unigram_nats));
}

TEST(RepeatShare, CountsCodesThatEqualTheOneBefore) {
  EXPECT_DOUBLE_EQ(repeat_share({{1, 1, 1, 2}, {2, 2}}), 0.75);
  EXPECT_DOUBLE_EQ(repeat_share({{1}}), 0);
}

}  // namespace
}  // namespace minet::evaluation
