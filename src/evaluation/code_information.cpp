#include "evaluation/code_information.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <span>

#include "minet/core/random.hpp"

namespace minet::evaluation {
namespace {

constexpr int kDrawings = 16;
constexpr std::int64_t kProbeFold = 5;
constexpr std::array kProbeStrengths = {0.3,   1.0,   3.0,    10.0,   30.0,
                                        100.0, 300.0, 1000.0, 3000.0, 1e4};

// Counts of (code, label) pairs.
class Table {
 public:
  explicit Table(const InformationOptions& options)
      : labels_(static_cast<std::size_t>(options.labels)),
        pairs_(static_cast<std::size_t>(options.codes) * labels_),
        of_code_(static_cast<std::size_t>(options.codes)),
        of_label_(labels_) {}

  void add(std::span<const std::int64_t> codes, std::span<const std::int64_t> labels) {
    for (std::size_t i = 0; i < std::min(codes.size(), labels.size()); ++i) {
      if (labels[i] < 0) continue;
      const auto code = static_cast<std::size_t>(codes[i]);
      const auto label = static_cast<std::size_t>(labels[i]);
      ++pairs_.at(code * labels_ + label);
      ++of_code_.at(code);
      ++of_label_.at(label);
      ++total_;
    }
  }
  void add(const std::vector<LabelledClip>& clips) {
    for (const LabelledClip& clip : clips) add(clip.codes, clip.labels);
  }

  std::int64_t total() const { return total_; }

  double label_bits() const { return entropy(of_label_); }
  double bits() const { return entropy(of_code_) + entropy(of_label_) - entropy(pairs_); }

  // -log2 p(label | code), summed over the pairs of `judged`.
  double cost(const Table& judged, double strength) const {
    double sum = 0;
    for (std::size_t pair = 0; pair < pairs_.size(); ++pair) {
      if (judged.pairs_[pair] == 0) continue;
      const std::size_t code = pair / labels_, label = pair % labels_;
      const double prior = static_cast<double>(of_label_[label] + 1) /
                           static_cast<double>(total_ + static_cast<std::int64_t>(labels_));
      const double p = (static_cast<double>(pairs_[pair]) + strength * prior) /
                       (static_cast<double>(of_code_[code]) + strength);
      sum -= static_cast<double>(judged.pairs_[pair]) * std::log2(p);
    }
    return sum;
  }

 private:
  double entropy(const std::vector<std::int64_t>& counts) const {
    double bits = 0;
    for (const std::int64_t count : counts) {
      if (count == 0) continue;
      const double p = static_cast<double>(count) / static_cast<double>(total_);
      bits -= p * std::log2(p);
    }
    return bits;
  }

  std::size_t labels_;
  std::vector<std::int64_t> pairs_;     // [K * L]
  std::vector<std::int64_t> of_code_;   // [K]
  std::vector<std::int64_t> of_label_;  // [L]
  std::int64_t total_ = 0;
};

std::optional<double> floor_bits(const std::vector<LabelledClip>& clips,
                                 const InformationOptions& options) {
  const auto other_track = [&](const LabelledClip& clip) {
    return clip.track != clips.front().track;
  };
  if (std::none_of(clips.begin(), clips.end(), other_track)) return std::nullopt;
  Random random(derive_seed(options.seed, "labels of another track"));
  double sum = 0;
  for (int drawing = 0; drawing < kDrawings; ++drawing) {
    Table table(options);
    for (const LabelledClip& clip : clips) {
      const LabelledClip* other = &clip;
      while (other->track == clip.track) other = &clips[random.below(clips.size())];
      table.add(clip.codes, other->labels);
    }
    sum += table.bits();
  }
  return sum / kDrawings;
}

// The strength with which the other training tracks best predict the held-out ones.
std::optional<double> choose_strength(const std::vector<LabelledClip>& train,
                                      const InformationOptions& options) {
  std::map<std::int64_t, std::int64_t> numbers;  // by track, in order of appearance
  for (const LabelledClip& clip : train) {
    const bool counts = std::any_of(clip.labels.begin(), clip.labels.end(),
                                    [](std::int64_t label) { return label >= 0; });
    if (counts) numbers.emplace(clip.track, static_cast<std::int64_t>(numbers.size()));
  }
  if (numbers.size() < 2) return std::nullopt;
  Table fit(options), held(options);
  for (const LabelledClip& clip : train) {
    const auto found = numbers.find(clip.track);
    if (found == numbers.end()) continue;
    (found->second % kProbeFold == 0 ? held : fit).add(clip.codes, clip.labels);
  }
  double best = kProbeStrengths.front(), lowest = std::numeric_limits<double>::infinity();
  for (const double strength : kProbeStrengths) {
    const double cost = fit.cost(held, strength);
    if (cost < lowest) {
      lowest = cost;
      best = strength;
    }
  }
  return best;
}

}  // namespace

Information information(const std::vector<LabelledClip>& judged,
                        const std::vector<LabelledClip>& train, const InformationOptions& options) {
  Table table(options);
  table.add(judged);
  Information result{.frames = table.total()};
  if (result.frames == 0) return result;
  result.label_bits = table.label_bits();
  result.bits = std::max(0.0, table.bits());  // against rounding
  std::vector<LabelledClip> with_labels;      // so that the baseline has as many frames
  for (const LabelledClip& clip : judged) {
    if (std::any_of(clip.labels.begin(), clip.labels.end(), [](auto label) { return label >= 0; }))
      with_labels.push_back(clip);
  }
  result.floor_bits = floor_bits(with_labels, options);
  const std::optional<double> strength = choose_strength(train, options);
  if (strength) {
    Table of_train(options);
    of_train.add(train);
    result.held_out_bits =
        result.label_bits - of_train.cost(table, *strength) / static_cast<double>(result.frames);
  }
  return result;
}

}  // namespace minet::evaluation
