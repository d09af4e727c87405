#include "audio/phase_gradient.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "audio/fast_math.hpp"

namespace minet::audio {
namespace {

// gamma of the Gaussian nearest to a Hann window, over the square of its length (Prusa et al. 2017,
// table I).
constexpr double kHann = 0.25645;
constexpr float kQuiet = 11.5F;       // nepers (100 dB) under a frame's largest: random phase
constexpr float kStep = 0.0576F;      // nepers (half a decibel) a step of the queue
constexpr std::int32_t kSteps = 256;  // more than kQuiet of both frames together needs
constexpr float kTiny = 1e-30F;

// cos and sin of x turns, |x| <= 1/2, within 1e-6: Taylor's polynomials of a quarter turn after
// folding.
inline void circle(float x, float& cosine, float& sine) {
  const float folded = std::abs(x) > 0.25F ? std::copysign(0.5F, x) - x : x;
  const float sign = std::abs(x) > 0.25F ? -1.0F : 1.0F;
  const float a = folded * (2 * std::numbers::pi_v<float>), z = a * a;
  sine =
      a *
      (1 + z * (-1.6666667e-1F + z * (8.3333333e-3F + z * (-1.9841270e-4F + z * 2.7557319e-6F))));
  cosine = sign *
           (1 + z * (-0.5F + z * (4.1666667e-2F +
                                  z * (-1.3888889e-3F + z * (2.4801587e-5F - z * 2.7557319e-7F)))));
}

inline float wrapped(float turns) {
  constexpr float kRounder = 12582912.0F;  // 1.5 * 2^23: adding it rounds to an integer
  return turns - ((turns + kRounder) - kRounder);
}

}  // namespace

PhaseGradient::PhaseGradient(std::int64_t n_fft, std::int64_t hop, std::int64_t bins,
                             std::uint64_t seed)
    : bins_(bins), random_(derive_seed(seed, "phase")) {
  const double gamma = kHann * static_cast<double>(n_fft) * static_cast<double>(n_fft);
  const double ratio = static_cast<double>(hop) * static_cast<double>(n_fft) / gamma;
  along_scale_ = static_cast<float>(ratio / (2 * std::numbers::pi));
  across_scale_ = static_cast<float>(-1 / ratio / (2 * std::numbers::pi));
  const auto size = static_cast<std::size_t>(bins);
  for (Frame* frame : {&before_, &now_, &after_}) {
    frame->log.resize(size);
    frame->turns.resize(size);
    frame->along.resize(size);
  }
  for (std::int64_t m = 0; m < bins; ++m) {
    // The whole turns are taken off in integers, where nothing is rounded.
    own_turns_.push_back(static_cast<float>(hop * m % n_fft) / static_cast<float>(n_fft));
  }
  across_.resize(size);
  open_.resize(size);
  heads_.resize(kSteps, -1);
  nexts_.resize(2 * size);
}

void PhaseGradient::take(const float* magnitudes, Frame& frame) const {
  float largest = kTiny;
  for (std::int64_t m = 0; m < bins_; ++m) largest = std::max(largest, magnitudes[m]);
  frame.largest = fast_log(largest);
  const float floor = std::max(largest * std::exp(-kQuiet), kTiny);
  float* __restrict log = frame.log.data();
  for (std::int64_t m = 0; m < bins_; ++m) {
    log[m] = fast_log(magnitudes[m] > floor ? magnitudes[m] : floor);
  }
}

// (a M / gamma) d log / dm, plus the bin's own frequency: a m / M turns a hop.
void PhaseGradient::differentiate_in_time_direction(Frame& frame) const {
  const float* __restrict log = frame.log.data();
  float* __restrict along = frame.along.data();
  const std::int64_t last = bins_ - 1;
  for (std::int64_t m = 1; m < last; ++m) along[m] = (log[m + 1] - log[m - 1]) * 0.5F;
  along[0] = last > 0 ? log[1] - log[0] : 0;
  if (last > 0) along[last] = log[last] - log[last - 1];
  const float* __restrict own = own_turns_.data();
  for (std::int64_t m = 0; m < bins_; ++m) along[m] = along[m] * along_scale_ + own[m];
}

void PhaseGradient::push(std::int32_t cell, float log) {
  const auto step = std::clamp(static_cast<std::int32_t>((log - ceiling_) / kStep) + kSteps - 1,
                               std::int32_t{0}, kSteps - 1);
  nexts_[static_cast<std::size_t>(cell)] = heads_[static_cast<std::size_t>(step)];
  heads_[static_cast<std::size_t>(step)] = cell;
  top_ = std::max(top_, step);
}

void PhaseGradient::begin(const float* magnitudes) {
  take(magnitudes, now_);
  differentiate_in_time_direction(now_);
  first_ = true;
}

// Gives every open bin a phase, from its loudest neighbour that has one.
void PhaseGradient::spread() {
  const auto bins = static_cast<std::int32_t>(bins_);
  ceiling_ = first_ ? now_.largest : std::max(now_.largest, before_.largest);
  const float floor = now_.largest - kQuiet + kStep;
  std::int32_t left = 0;
  for (std::int32_t m = 0; m < bins; ++m) {
    const auto at = static_cast<std::size_t>(m);
    open_[at] = now_.log[at] > floor;
    left += open_[at];
  }
  top_ = -1;
  if (!first_) {
    for (std::int32_t m = 0; m < bins; ++m) {
      if (open_[static_cast<std::size_t>(m)] != 0)
        push(m, before_.log[static_cast<std::size_t>(m)]);
    }
  }
  while (left > 0) {
    while (top_ >= 0 && heads_[static_cast<std::size_t>(top_)] < 0) --top_;
    if (top_ < 0) {
      // Nothing to go on from: the loudest open bin begins with phase 0.
      std::int32_t loudest = -1;
      for (std::int32_t m = 0; m < bins; ++m) {
        const auto at = static_cast<std::size_t>(m);
        if (open_[at] != 0 &&
            (loudest < 0 || now_.log[at] > now_.log[static_cast<std::size_t>(loudest)])) {
          loudest = m;
        }
      }
      const auto at = static_cast<std::size_t>(loudest);
      now_.turns[at] = 0;
      open_[at] = 0;
      --left;
      push(bins + loudest, now_.log[at]);
      continue;
    }
    const std::int32_t cell = heads_[static_cast<std::size_t>(top_)];
    heads_[static_cast<std::size_t>(top_)] = nexts_[static_cast<std::size_t>(cell)];
    if (cell < bins) {
      const auto at = static_cast<std::size_t>(cell);
      if (open_[at] == 0) continue;
      now_.turns[at] = before_.turns[at] + 0.5F * (before_.along[at] + now_.along[at]);
      open_[at] = 0;
      --left;
      push(bins + cell, now_.log[at]);
      continue;
    }
    const std::int32_t m = cell - bins;
    const auto at = static_cast<std::size_t>(m);
    for (const std::int32_t neighbour : {m - 1, m + 1}) {
      if (neighbour < 0 || neighbour >= bins) continue;
      const auto there = static_cast<std::size_t>(neighbour);
      if (open_[there] == 0) continue;
      const float slope = 0.5F * (across_[at] + across_[there]);
      now_.turns[there] = now_.turns[at] + (neighbour > m ? slope : -slope);
      open_[there] = 0;
      --left;
      push(bins + neighbour, now_.log[there]);
    }
  }
  if (top_ >= 0) std::fill(heads_.begin(), heads_.begin() + top_ + 1, -1);
}

void PhaseGradient::next(const float* magnitudes, const float* after,
                         std::complex<float>* spectrum) {
  if (after != nullptr) {
    take(after, after_);
    differentiate_in_time_direction(after_);
  }
  {
    // Both ends of the time axis have one neighbour only.
    const float* earlier = first_ ? now_.log.data() : before_.log.data();
    const float* later = after == nullptr ? now_.log.data() : after_.log.data();
    const float scale = across_scale_ * (first_ || after == nullptr ? 1.0F : 0.5F);
    float* __restrict across = across_.data();
    for (std::int64_t m = 0; m < bins_; ++m) across[m] = (later[m] - earlier[m]) * scale;
  }
  // Quiet bins keep a random phase.
  std::uint64_t bits = 0;
  for (std::int64_t m = 0; m < bins_; ++m) {
    if (m % 4 == 0) bits = random_.next();
    now_.turns[static_cast<std::size_t>(m)] = static_cast<float>(bits & 0xFFFF) / 65536.0F;
    bits >>= 16;
  }
  spread();
  float* __restrict turns = now_.turns.data();
  float* __restrict out = reinterpret_cast<float*>(spectrum);
  for (std::int64_t m = 0; m < bins_; ++m) {
    turns[m] = wrapped(turns[m]);
    // A transform that starts at the window's beginning turns every other bin round.
    const float magnitude = (m & 1) != 0 ? -magnitudes[m] : magnitudes[m];
    float cosine = 0, sine = 0;
    circle(turns[m], cosine, sine);
    out[2 * m] = magnitude * cosine;
    out[2 * m + 1] = magnitude * sine;
  }
  std::swap(before_, now_);
  std::swap(now_, after_);
  first_ = false;
}

}  // namespace minet::audio
