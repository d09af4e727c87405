#include "evaluation/instrument_classifier.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <tuple>

#include "minet/audio/stft.hpp"
#include "minet/core/errors.hpp"

namespace minet::evaluation {
namespace {

constexpr std::int64_t kWindow = 1024, kHop = 256, kBands = 40;
constexpr double kLowestHz = 40;
constexpr double kRangeDb = 40;  // frames this far below the loudest still count
constexpr double kFloorDb = 80;  // the bands' lower limit, below the loudest band of all
constexpr std::int64_t kFolds = 5;
constexpr std::array kClassifierStrengths = {1e-4, 1e-3, 1e-2, 1e-1};
constexpr int kSteps = 400;  // of accelerated gradient descent

double to_mel(double hz) {
  return 2595 * std::log10(1 + hz / 700);
}

double to_hz(double mel) {
  return 700 * (std::pow(10, mel / 2595) - 1);
}

// Energies of triangular bands of one frame, [kBands].
std::vector<double> bands_of(const float* magnitudes, std::int64_t bins, int sample_rate) {
  const double low = to_mel(kLowestHz), high = to_mel(sample_rate / 2.0);
  const double hz_per_bin = static_cast<double>(sample_rate) / kWindow;
  const auto edge = [&](std::int64_t i) {
    return to_hz(low + (high - low) * static_cast<double>(i) / (kBands + 1)) / hz_per_bin;
  };
  std::vector<double> bands(kBands);
  for (std::int64_t b = 0; b < kBands; ++b) {
    // At least one bin to each side, so that no band is empty.
    const double centre = edge(b + 1);
    const double from = std::min(edge(b), centre - 1), to = std::max(edge(b + 2), centre + 1);
    const auto first = std::max<std::int64_t>(0, static_cast<std::int64_t>(std::ceil(from)));
    const auto last = std::min(bins - 1, static_cast<std::int64_t>(to));
    for (std::int64_t k = first; k <= last; ++k) {
      const auto at = static_cast<double>(k);
      const double weight =
          at <= centre ? (at - from) / (centre - from) : (to - at) / (to - centre);
      const double value = magnitudes[k];
      bands[static_cast<std::size_t>(b)] += weight * value * value;
    }
  }
  return bands;
}

at::Tensor with_one(const at::Tensor& rows) {
  return at::cat({rows, at::ones({rows.size(0), 1}, rows.options())}, 1);
}

}  // namespace

std::vector<double> tone_colour(const audio::Sound& sound) {
  const audio::Stft stft({.n_fft = kWindow, .hop = kHop});
  const std::int64_t frames = stft.frames_of(static_cast<std::int64_t>(sound.samples.size()));
  const std::int64_t bins = stft.bins();
  std::vector<float> magnitudes(static_cast<std::size_t>(frames * bins));
  stft.magnitudes(sound.samples, bins, magnitudes);
  std::vector<std::vector<double>> rows;
  std::vector<double> totals;
  double loudest = 0, highest = 0;
  for (std::int64_t t = 0; t < frames; ++t) {
    rows.push_back(bands_of(magnitudes.data() + t * bins, bins, sound.sample_rate));
    double total = 0;
    for (const double band : rows.back()) {
      total += band;
      highest = std::max(highest, band);
    }
    totals.push_back(total);
    loudest = std::max(loudest, total);
  }
  std::vector<double> result(2 * kBands);
  if (loudest <= 0) return result;
  const double floor = highest * std::pow(10, -kFloorDb / 10);
  double count = 0;
  for (std::size_t t = 0; t < rows.size(); ++t) {
    if (totals[t] < loudest * std::pow(10, -kRangeDb / 10)) continue;
    ++count;
    double mean = 0;
    for (double& band : rows[t]) {
      band = 10 * std::log10(std::max(band, floor));
      mean += band / kBands;
    }
    for (std::size_t b = 0; b < kBands; ++b) {
      const double value = rows[t][b] - mean;
      result[b] += value;
      result[kBands + b] += value * value;
    }
  }
  for (std::size_t b = 0; b < kBands; ++b) {
    result[b] /= count;
    result[kBands + b] =
        std::sqrt(std::max(0.0, result[kBands + b] / count - result[b] * result[b]));
  }
  return result;
}

double accuracy(const std::vector<std::int64_t>& heard, const std::vector<std::int64_t>& labels) {
  std::int64_t right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) right += heard[i] == labels[i] ? 1 : 0;
  return labels.empty() ? 0 : static_cast<double>(right) / static_cast<double>(labels.size());
}

InstrumentClassifier::InstrumentClassifier(const InstrumentExamples& examples,
                                           std::int64_t classes) {
  std::map<std::int64_t, std::int64_t> folds;  // by group
  for (const std::int64_t group : examples.groups) folds.emplace(group, 0);
  if (folds.size() < 2) {
    throw InputError(
        "the instrument classifier: expected training sound of at least two groups, to leave some "
        "out; prepare more training tracks");
  }
  std::int64_t next = 0;
  for (auto& [group, fold] : folds) fold = next++ % kFolds;
  const std::int64_t count = std::min(kFolds, next);
  std::vector<double> candidates{0};
  candidates.insert(candidates.end(), kClassifierStrengths.begin(), kClassifierStrengths.end());
  double chosen = 0;
  cross_validation_ = -1;
  for (const double strength : candidates) {
    std::vector<std::int64_t> heard(examples.labels.size());
    for (std::int64_t fold = 0; fold < count; ++fold) {
      std::vector<std::int64_t> in, out;
      for (std::size_t i = 0; i < examples.labels.size(); ++i) {
        (folds.at(examples.groups[i]) == fold ? out : in).push_back(static_cast<std::int64_t>(i));
      }
      InstrumentExamples part{.features = examples.features.index_select(0, at::tensor(in)),
                              .labels = {},
                              .groups = {}};
      for (const std::int64_t i : in) {
        part.labels.push_back(examples.labels[static_cast<std::size_t>(i)]);
      }
      fit(part, classes, strength);
      const auto found = classify(examples.features.index_select(0, at::tensor(out)));
      for (std::size_t i = 0; i < out.size(); ++i) {
        heard[static_cast<std::size_t>(out[i])] = found[i];
      }
    }
    const double score = accuracy(heard, examples.labels);
    if (score > cross_validation_) {
      cross_validation_ = score;
      chosen = strength;
    }
  }
  fit(examples, classes, chosen);
}

void InstrumentClassifier::fit(const InstrumentExamples& examples, std::int64_t classes,
                               double strength) {
  strength_ = strength;
  labels_ = examples.labels;
  mean_ = examples.features.mean(0);
  deviation_ = examples.features.std(0, /*unbiased=*/false).clamp_min(1e-6);
  rows_ = (examples.features - mean_) / deviation_;
  if (strength == 0) return;
  const at::Tensor rows = with_one(rows_);  // [N, D + 1]
  const auto count = static_cast<double>(rows.size(0));
  const at::Tensor target = at::zeros({rows.size(0), classes}, at::kDouble)
                                .scatter_(1, at::tensor(labels_, at::kLong).unsqueeze(1), 1.0);
  // Boehning's bound: the Hessian of the loss is at most half of the rows' second moments.
  const at::Tensor moments = rows.t().mm(rows) / count;
  const double bound = 0.5 * at::linalg_eigvalsh(moments).max().item<double>() + strength;
  at::Tensor weights = at::zeros({rows.size(1), classes}, at::kDouble), ahead = weights;
  at::Tensor penalty = at::full({rows.size(1), 1}, strength, at::kDouble);
  penalty[rows.size(1) - 1] = 0.0;  // the constant is not penalised
  for (int step = 0; step < kSteps; ++step) {
    const at::Tensor error = at::softmax(rows.mm(ahead), 1) - target;
    const at::Tensor moved = ahead - (rows.t().mm(error) / count + penalty * ahead) / bound;
    // Nesterov's momentum.
    ahead = moved + (moved - weights) * (static_cast<double>(step) / (step + 3.0));
    weights = moved;
  }
  weights_ = weights;
}

std::vector<std::int64_t> InstrumentClassifier::classify(const at::Tensor& features) const {
  const at::Tensor rows = (features - mean_) / deviation_;
  const at::Tensor found =
      (strength_ > 0 ? with_one(rows).mm(weights_).argmax(1) : at::cdist(rows, rows_).argmin(1))
          .contiguous();
  std::vector<std::int64_t> heard(found.const_data_ptr<std::int64_t>(),
                                  found.const_data_ptr<std::int64_t>() + found.numel());
  if (strength_ == 0) {
    for (std::int64_t& index : heard) index = labels_[static_cast<std::size_t>(index)];
  }
  return heard;
}

}  // namespace minet::evaluation
