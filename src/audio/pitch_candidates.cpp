// YIN's cumulative mean normalised difference, and pYIN's probabilities of its dips.
#include "audio/pitch_candidates.hpp"

#include <algorithm>
#include <cmath>

namespace minet::audio {
namespace {

constexpr double kPeriods = 3;                 // of the longest lag that a window holds
constexpr double kBandRatio = 3;               // longest to shortest lag of a band
constexpr std::int64_t kShortestWindow = 640;  // samples: 40 ms at 16 kHz
constexpr double kLeastEnergy = 1e-12;
// b of the thresholds' beta distributions (mean 2 / (2 + b)). One threshold decides whether the
// deepest dip is a pitch at all. It is lenient: a starting bow has a pitch, under noise. The other,
// relative to the deepest dip, decides which dip it is. pYIN uses one, with b = 18, for both.
constexpr double kVoicing = 5, kChoice = 18;

// The probability that a threshold is below x: pYIN's beta distribution with a = 2, whose integral
// has this closed form, so that no table of thresholds is needed.
double threshold_below(double x, double b) {
  const double y = std::clamp(x, 0.0, 1.0);
  return 1 - std::pow(1 - y, b) * (1 + b * y);
}

// The smallest even size of at least `least` with only the prime factors 2, 3 and 5: fast in FFTW.
std::int64_t fast_size(std::int64_t least) {
  for (std::int64_t size = least + least % 2;; size += 2) {
    std::int64_t rest = size;
    for (const std::int64_t prime : {2, 3, 5}) {
      while (rest % prime == 0) rest /= prime;
    }
    if (rest == 1) return size;
  }
}

struct Dip {
  double lag = 0, height = 0;
};

// The minimum of the parabola through three neighbours, of which the middle one is lowest.
Dip lowest_point(double before, double middle, double after, double lag) {
  const double bend = before - 2 * middle + after;
  if (bend <= kLeastEnergy) return {.lag = lag, .height = middle};
  const double shift = 0.5 * (before - after) / bend;
  return {.lag = lag + shift, .height = middle - 0.25 * (before - after) * shift};
}

}  // namespace

LagBand::LagBand(std::int64_t first, std::int64_t last, std::int64_t window)
    : first_(first),
      last_(last),
      window_(window),
      fourier_(Fourier::get(fast_size(window + last + 1))),
      frame_(make_aligned<float>(fourier_->size())),
      correlation_(make_aligned<float>(fourier_->size())),
      spectrum_(make_aligned<std::complex<float>>(fourier_->bins())),
      energy_(static_cast<std::size_t>(window) + 1) {}

double LagBand::differences(std::span<const float> samples, std::int64_t centre,
                            std::span<double> out) {
  const std::int64_t start = centre - window_ / 2;
  const auto count = static_cast<std::int64_t>(samples.size());
  const std::int64_t from = std::clamp<std::int64_t>(-start, 0, window_);
  const std::int64_t to = std::clamp<std::int64_t>(count - start, from, window_);
  double mean = 0;  // an offset is not periodic
  for (std::int64_t i = from; i < to; ++i) mean += samples[static_cast<std::size_t>(start + i)];
  mean /= static_cast<double>(std::max<std::int64_t>(1, to - from));
  std::fill(frame_.get(), frame_.get() + fourier_->size(), 0.0F);
  for (std::int64_t i = from; i < to; ++i) {
    frame_[static_cast<std::size_t>(i)] =
        samples[static_cast<std::size_t>(start + i)] - static_cast<float>(mean);
  }
  for (std::int64_t i = 0; i < window_; ++i) {
    const double value = frame_[static_cast<std::size_t>(i)];
    energy_[static_cast<std::size_t>(i + 1)] = energy_[static_cast<std::size_t>(i)] + value * value;
  }
  const double total = energy_[static_cast<std::size_t>(window_)];

  fourier_->forward(frame_.get(), spectrum_.get());
  for (std::int64_t k = 0; k < fourier_->bins(); ++k) {
    auto& value = spectrum_[static_cast<std::size_t>(k)];
    value = std::norm(value);
  }
  fourier_->backward(spectrum_.get(), correlation_.get());
  const double scale = 1 / static_cast<double>(fourier_->size());
  for (std::int64_t lag = first_ - 1; lag <= last_ + 1; ++lag) {
    // m = energy of the samples that have a partner `lag` later, plus that of the partners.
    const double both = energy_[static_cast<std::size_t>(window_ - lag)] + total -
                        energy_[static_cast<std::size_t>(lag)];
    const double r = scale * correlation_[static_cast<std::size_t>(lag)];
    out[static_cast<std::size_t>(lag - first_ + 1)] =
        both <= kLeastEnergy ? 1.0 : std::clamp(1 - 2 * r / both, 0.0, 2.0);
  }
  return total / static_cast<double>(window_);
}

PitchCandidates::PitchCandidates(int sample_rate, double lowest_hz, double highest_hz)
    : sample_rate_(sample_rate), lowest_hz_(lowest_hz), highest_hz_(highest_hz) {
  const auto shortest = static_cast<std::int64_t>(std::floor(sample_rate / highest_hz));
  const auto longest = static_cast<std::int64_t>(std::ceil(sample_rate / lowest_hz));
  for (std::int64_t first = 1; first <= longest;) {
    // The first band starts at lag 1, because the cumulative mean does.
    const double reach = kBandRatio * static_cast<double>(std::max(first, shortest));
    auto last = std::min(longest, static_cast<std::int64_t>(reach));
    if (static_cast<double>(longest) < 1.5 * static_cast<double>(last)) last = longest;
    const auto window = std::max(kShortestWindow * sample_rate / 16000,
                                 static_cast<std::int64_t>(kPeriods * static_cast<double>(last)));
    bands_.emplace_back(first, last, window + window % 2);
    first = last + 1;
  }
}

std::vector<PitchCandidate> PitchCandidates::of_frame(std::span<const float> samples,
                                                      std::int64_t centre, double& power) {
  std::vector<Dip> dips;
  double sum = 0;  // of the differences of all lags so far
  for (LagBand& band : bands_) {
    differences_.resize(static_cast<std::size_t>(band.last() - band.first()) + 3);
    power = band.differences(samples, centre, differences_);
    for (std::int64_t lag = band.first(); lag <= band.last(); ++lag) {
      const double* at = differences_.data() + (lag - band.first() + 1);
      sum += at[0];
      if (at[0] >= at[-1] || at[0] > at[1] || sum <= kLeastEnergy) continue;
      Dip dip = lowest_point(at[-1], at[0], at[1], static_cast<double>(lag));
      // YIN's normalisation: relative to the mean over all lags up to this one.
      dip.height = std::max(0.0, dip.height) * static_cast<double>(lag) / sum;
      const double hz = sample_rate_ / dip.lag;
      if (hz >= lowest_hz_ && hz <= highest_hz_) dips.push_back(dip);
    }
  }
  // A threshold selects the first dip below it, so dip i is selected by the thresholds between its
  // own height and the lowest height before it.
  std::vector<PitchCandidate> candidates;
  double lowest = 1;
  for (const Dip& dip : dips) lowest = std::min(lowest, dip.height);
  const double voiced = 1 - threshold_below(lowest, kVoicing);
  double before = 2;
  for (const Dip& dip : dips) {
    if (dip.height >= before) continue;
    const double share =
        threshold_below(before - lowest, kChoice) - threshold_below(dip.height - lowest, kChoice);
    candidates.push_back({.hz = sample_rate_ / dip.lag, .probability = voiced * share});
    before = dip.height;
  }
  return candidates;
}

}  // namespace minet::audio
