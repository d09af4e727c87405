#include "evaluation/code_usage.hpp"

#include <algorithm>
#include <numeric>

#include "evaluation/statistics/quantile.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"
#include "minet/models/vector_quantizer.hpp"

namespace minet::evaluation {
namespace {

CodeHolds holds_of(std::vector<std::int64_t> lengths) {
  if (lengths.empty()) return {};
  std::sort(lengths.begin(), lengths.end());
  const double sum = static_cast<double>(std::accumulate(lengths.begin(), lengths.end(), 0LL));
  return {.mean = sum / static_cast<double>(lengths.size()),
          .median = static_cast<double>(quantile(lengths, 0.5)),
          .p90 = static_cast<double>(quantile(lengths, 0.9)),
          .longest = lengths.back()};
}

}  // namespace

std::int64_t CodeUse::total() const {
  return std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
}

double CodeUse::share(std::int64_t code) const {
  const std::int64_t all = total();
  return all == 0 ? 0
                  : static_cast<double>(counts.at(static_cast<std::size_t>(code))) /
                        static_cast<double>(all);
}

double CodeUse::mean_hold(std::int64_t code) const {
  const auto i = static_cast<std::size_t>(code);
  return runs.at(i) == 0 ? 0 : static_cast<double>(counts[i]) / static_cast<double>(runs[i]);
}

std::int64_t CodeUse::codes_for(double share_of_total) const {
  const double wanted = share_of_total * static_cast<double>(total());
  std::int64_t needed = 0, sum = 0;
  for (const std::int64_t code : ranked) {
    if (static_cast<double>(sum) >= wanted) break;
    sum += counts[static_cast<std::size_t>(code)];
    ++needed;
  }
  return needed;
}

CodeUse code_use(const std::vector<CodeSequence>& sequences, std::int64_t codes) {
  CodeUse use;
  use.counts.resize(static_cast<std::size_t>(codes));
  use.runs.resize(static_cast<std::size_t>(codes));
  std::vector<std::int64_t> lengths;
  for (const CodeSequence& sequence : sequences) {
    for (std::size_t i = 0; i < sequence.size(); ++i) {
      if (sequence[i] < 0 || sequence[i] >= codes) {
        throw InputError(text("codes: expected 0 to ", codes - 1, ", got ", sequence[i]));
      }
      const auto code = static_cast<std::size_t>(sequence[i]);
      ++use.counts[code];
      if (i == 0 || sequence[i] != sequence[i - 1]) {
        ++use.runs[code];
        lengths.push_back(0);
      }
      ++lengths.back();
    }
  }
  for (std::int64_t code = 0; code < codes; ++code) {
    if (use.counts[static_cast<std::size_t>(code)] > 0) use.ranked.push_back(code);
  }
  std::stable_sort(use.ranked.begin(), use.ranked.end(), [&](std::int64_t a, std::int64_t b) {
    return use.counts[static_cast<std::size_t>(a)] > use.counts[static_cast<std::size_t>(b)];
  });
  use.perplexity = models::usage_of_histogram(use.counts).perplexity;
  use.holds = holds_of(std::move(lengths));
  return use;
}

}  // namespace minet::evaluation
