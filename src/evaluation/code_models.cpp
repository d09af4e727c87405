#include "evaluation/code_models.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "minet/core/errors.hpp"

namespace minet::evaluation {
namespace {

constexpr std::array kEpsilons = {1e-3, 1e-2, 0.1, 0.3, 1.0, 3.0};
constexpr std::array kStrengths = {0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0};
constexpr std::size_t kFold = 5;

// Sequences to fit on, and held-out ones to choose the parameters by.
std::pair<std::vector<CodeSequence>, std::vector<CodeSequence>> hold_out(
    const std::vector<CodeSequence>& sequences) {
  std::vector<CodeSequence> fit, held;
  if (sequences.size() == 1) {
    const CodeSequence& only = sequences.front();
    const auto cut = only.end() - static_cast<std::ptrdiff_t>((only.size() + kFold - 1) / kFold);
    fit.emplace_back(only.begin(), cut);
    held.emplace_back(cut, only.end());
    return {fit, held};
  }
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    (i % kFold == 0 ? held : fit).push_back(sequences[i]);
  }
  return {fit, held};
}

// Mean over all codes; `probability(sequence, i)` is that of code i.
template <class Probability>
double mean_nll(const std::vector<CodeSequence>& sequences, const Probability& probability) {
  double sum = 0;
  std::int64_t tokens = 0;
  for (const CodeSequence& sequence : sequences) {
    for (std::size_t i = 0; i < sequence.size(); ++i) sum -= std::log(probability(sequence, i));
    tokens += static_cast<std::int64_t>(sequence.size());
  }
  return tokens == 0 ? 0 : sum / static_cast<double>(tokens);
}

// The value in `grid` with the smallest cost; the first one on ties.
template <class Grid, class Cost>
double best_of(const Grid& grid, const Cost& cost) {
  double best = grid.front(), lowest = std::numeric_limits<double>::infinity();
  for (const double value : grid) {
    const double found = cost(value);
    if (found < lowest) {
      lowest = found;
      best = value;
    }
  }
  return best;
}

}  // namespace

Unigram::Unigram(const std::vector<CodeSequence>& sequences, std::int64_t codes, double epsilon)
    : counts_(static_cast<std::size_t>(codes)), epsilon_(epsilon) {
  for (const CodeSequence& sequence : sequences) {
    for (const std::int64_t code : sequence) ++counts_.at(static_cast<std::size_t>(code));
    tokens_ += static_cast<std::int64_t>(sequence.size());
  }
}

double Unigram::probability(std::int64_t code) const {
  return (static_cast<double>(counts_.at(static_cast<std::size_t>(code))) + epsilon_) /
         (static_cast<double>(tokens_) + static_cast<double>(counts_.size()) * epsilon_);
}

Bigram::Bigram(const std::vector<CodeSequence>& sequences, Unigram unigram, std::int64_t codes,
               double strength)
    : unigram_(std::move(unigram)),
      codes_(codes),
      strength_(strength),
      counts_(static_cast<std::size_t>(codes)) {
  for (const CodeSequence& sequence : sequences) {
    for (std::size_t i = 1; i < sequence.size(); ++i) {
      ++counts_.at(static_cast<std::size_t>(sequence[i - 1]));
      ++pairs_[sequence[i - 1] * codes_ + sequence[i]];
    }
  }
}

double Bigram::probability(std::int64_t previous, std::int64_t code) const {
  const auto found = pairs_.find(previous * codes_ + code);
  const double seen = found == pairs_.end() ? 0 : static_cast<double>(found->second);
  return (seen + strength_ * unigram_.probability(code)) /
         (static_cast<double>(counts_.at(static_cast<std::size_t>(previous))) + strength_);
}

double nll(const Unigram& model, const std::vector<CodeSequence>& sequences) {
  return mean_nll(sequences, [&](const CodeSequence& sequence, std::size_t i) {
    return model.probability(sequence[i]);
  });
}

double nll(const Bigram& model, const std::vector<CodeSequence>& sequences) {
  return mean_nll(sequences, [&](const CodeSequence& sequence, std::size_t i) {
    return i == 0 ? model.unigram().probability(sequence[i])
                  : model.probability(sequence[i - 1], sequence[i]);
  });
}

CodeBaselines code_baselines(const std::vector<CodeSequence>& train,
                             const std::vector<CodeSequence>& test, std::int64_t codes) {
  std::size_t tokens = 0;
  for (const CodeSequence& sequence : train) tokens += sequence.size();
  if (tokens < 2) {
    throw InputError(
        "the training split: expected codes to fit the baselines on, got fewer than two; prepare "
        "training tracks");
  }
  const auto [fit, held] = hold_out(train);
  CodeBaselines result;
  result.uniform_nats = std::log(static_cast<double>(codes));
  result.epsilon =
      best_of(kEpsilons, [&](double epsilon) { return nll(Unigram(fit, codes, epsilon), held); });
  const Unigram of_fit(fit, codes, result.epsilon);
  result.strength = best_of(
      kStrengths, [&](double strength) { return nll(Bigram(fit, of_fit, codes, strength), held); });
  const Unigram unigram(train, codes, result.epsilon);
  result.unigram_nats = nll(unigram, test);
  result.bigram_nats = nll(Bigram(train, unigram, codes, result.strength), test);
  return result;
}

double repeat_share(const std::vector<CodeSequence>& sequences) {
  std::int64_t repeats = 0, pairs = 0;
  for (const CodeSequence& sequence : sequences) {
    for (std::size_t i = 1; i < sequence.size(); ++i) {
      ++pairs;
      if (sequence[i] == sequence[i - 1]) ++repeats;
    }
  }
  return pairs == 0 ? 0 : static_cast<double>(repeats) / static_cast<double>(pairs);
}

}  // namespace minet::evaluation
