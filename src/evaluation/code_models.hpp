// The baselines that a prior must beat: models of codes conditioned on at most the previous code.
//
// unigram  u(k) = (n_k + e) / (N + K e)                   add-epsilon
// bigram   p(k | j) = (n_jk + m u(k)) / (n_j + m)          interpolated with the unigram, where
//          n_j / (n_j + m) is the weight of the counts after code j
// n are counts over the training tracks. e and m are the values of a grid that best predict
// held-out training tracks (every fifth; of a single track its last fifth); all tracks are counted
// then. The first code of a sequence has no previous one and is predicted by the unigram.
// Letters: K codes, N all tokens.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace minet::evaluation {

using CodeSequence = std::vector<std::int64_t>;

class Unigram {
 public:
  Unigram(const std::vector<CodeSequence>& sequences, std::int64_t codes, double epsilon);
  double probability(std::int64_t code) const;

 private:
  std::vector<std::int64_t> counts_;  // [K]
  std::int64_t tokens_ = 0;
  double epsilon_;
};

class Bigram {
 public:
  Bigram(const std::vector<CodeSequence>& sequences, Unigram unigram, std::int64_t codes,
         double strength);
  double probability(std::int64_t previous, std::int64_t code) const;
  const Unigram& unigram() const { return unigram_; }

 private:
  Unigram unigram_;
  std::int64_t codes_;
  double strength_;
  std::vector<std::int64_t> counts_;                      // [K]: n_j
  std::unordered_map<std::int64_t, std::int64_t> pairs_;  // j * K + k -> n_jk
};

// Mean negative log-likelihood, nats per code.
double nll(const Unigram& model, const std::vector<CodeSequence>& sequences);
double nll(const Bigram& model, const std::vector<CodeSequence>& sequences);

struct CodeBaselines {
  double epsilon = 0, strength = 0;  // e and m, as chosen
  double uniform_nats = 0, unigram_nats = 0, bigram_nats = 0;
};
// Fitted on `train`, evaluated on `test`. InputError if `train` holds fewer than two codes.
CodeBaselines code_baselines(const std::vector<CodeSequence>& train,
                             const std::vector<CodeSequence>& test, std::int64_t codes);

// Share of codes that equal the previous one, among those that have one.
double repeat_share(const std::vector<CodeSequence>& sequences);

}  // namespace minet::evaluation
