#include "audio/phase_gradient.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "audio/fast_math.hpp"
#include "core/clones.hpp"

namespace minet::audio {
namespace {

// gamma of the Gaussian closest to a Hann window, divided by the square of the window's length
// (Prusa et al. 2017, table I).
constexpr double kHann = 0.25645;
constexpr float kQuiet = 11.5F;     // nepers (100 dB) below a frame's maximum: random phase
constexpr float kMargin = 0.0576F;  // nepers (half a decibel) above that still count as quiet
constexpr float kSilence = -1e30F;  // nepers: nothing to pass on
constexpr float kTiny = 1e-30F;

// cos and sin of x turns, |x| <= 1/2, within 1e-6: Taylor polynomials after folding to a quarter
// turn.
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

MINET_CLONES void take_logarithms(std::int64_t bins, float floor,
                                  const float* __restrict magnitudes, float* __restrict log) {
  for (std::int64_t m = 0; m < bins; ++m) {
    log[m] = fast_log(magnitudes[m] > floor ? magnitudes[m] : floor);
  }
}

// Phases in turns -> spectrum. Frames start at the window's beginning: every other bin is negated.
MINET_CLONES void write_spectrum(std::int64_t bins, const float* __restrict magnitudes,
                                 float* __restrict turns, float* __restrict out) {
  for (std::int64_t m = 0; m < bins; ++m) {
    turns[m] = wrapped(turns[m]);
    const float magnitude = (m & 1) != 0 ? -magnitudes[m] : magnitudes[m];
    float cosine = 0, sine = 0;
    circle(turns[m], cosine, sine);
    out[2 * m] = magnitude * cosine;
    out[2 * m + 1] = magnitude * sine;
  }
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
    // Whole turns are removed in integer arithmetic, without rounding.
    own_turns_.push_back(static_cast<float>(hop * m % n_fft) / static_cast<float>(n_fft));
  }
  across_.resize(size);
  open_.resize(size);
  from_below_.resize(size);
  offers_.resize(size);
  onwards_.resize(size);
}

void PhaseGradient::take(const float* magnitudes, Frame& frame) const {
  float largest = kTiny;
  for (std::int64_t m = 0; m < bins_; ++m) largest = std::max(largest, magnitudes[m]);
  frame.largest = fast_log(largest);
  const float floor = std::max(largest * std::exp(-kQuiet), kTiny);
  take_logarithms(bins_, floor, magnitudes, frame.log.data());
}

// (a M / gamma) d log / dm, plus the bin's own frequency, a m / M turns per hop (a: hop, M: n_fft).
void PhaseGradient::differentiate_in_time_direction(Frame& frame) const {
  const float* __restrict log = frame.log.data();
  float* __restrict along = frame.along.data();
  const std::int64_t last = bins_ - 1;
  for (std::int64_t m = 1; m < last; ++m) along[m] = (log[m + 1] - log[m - 1]) * 0.5F;
  along[0] = 0;  // the magnitudes of a real sound are the same at the frequencies m and -m
  if (last > 0) along[last] = log[last] - log[last - 1];
  const float* __restrict own = own_turns_.data();
  for (std::int64_t m = 0; m < bins_; ++m) along[m] = along[m] * along_scale_ + own[m];
}

void PhaseGradient::begin(const float* magnitudes) {
  take(magnitudes, now_);
  differentiate_in_time_direction(now_);
  first_ = true;
}

// The first frame: in each run of open bins, phases spread from the loudest, whose phase is 0.
void PhaseGradient::spread_alone() {
  const auto bins = static_cast<std::size_t>(bins_);
  const float* log = now_.log.data();
  float* turns = now_.turns.data();
  const auto slope = [&](std::size_t m) { return 0.5F * (across_[m] + across_[m + 1]); };
  for (std::size_t begin = 0; begin < bins;) {
    if (open_[begin] == 0) {
      ++begin;
      continue;
    }
    std::size_t end = begin, loudest = begin;
    for (; end < bins && open_[end] != 0; ++end) {
      if (log[end] > log[loudest]) loudest = end;
    }
    turns[loudest] = 0;
    for (std::size_t m = loudest + 1; m < end; ++m) turns[m] = turns[m - 1] + slope(m - 1);
    for (std::size_t m = loudest; m > begin; --m) turns[m - 1] = turns[m] - slope(m - 1);
    begin = end;
  }
}

// Gives every open bin a phase. A heap would repeatedly take the loudest bin that has one, of this
// frame or the one before, and pass it on to its neighbours in this frame or to the same bin. So
// each bin is reached by the path whose quietest bin is loudest: from the same bin of the frame
// before, or from a neighbour, which passes on the lesser of what reached it and its own loudness.
// One upward and one downward sweep compute this. What comes from below has never come from above,
// and vice versa, so the sweeps also find the phases in the right order.
void PhaseGradient::spread() {
  const auto bins = static_cast<std::size_t>(bins_);
  const float floor = now_.largest - kQuiet + kMargin;
  const float* __restrict log = now_.log.data();
  for (std::size_t m = 0; m < bins; ++m) open_[m] = log[m] > floor ? 1 : 0;
  if (first_) {
    spread_alone();
    return;
  }
  const float* __restrict earlier = before_.log.data();
  float offer = kSilence;
  for (std::size_t m = 0; m < bins; ++m) {
    offers_[m] = offer;
    offer = open_[m] != 0 ? std::min(std::max(earlier[m], offer), log[m]) : kSilence;
  }
  for (std::size_t m = 0; m < bins; ++m) {
    onwards_[m] = before_.turns[m] + 0.5F * (before_.along[m] + now_.along[m]);
  }
  float* turns = now_.turns.data();
  offer = kSilence;
  for (std::size_t m = bins; m-- > 0;) {
    from_below_[m] = 0;
    if (open_[m] == 0) {
      offer = kSilence;
      continue;
    }
    if (earlier[m] >= offer && earlier[m] >= offers_[m]) {
      turns[m] = onwards_[m];
    } else if (offers_[m] >= offer) {
      from_below_[m] = 1;
    } else {
      turns[m] = turns[m + 1] - 0.5F * (across_[m] + across_[m + 1]);
    }
    offer = std::min(std::max(earlier[m], offer), log[m]);
  }
  for (std::size_t m = 1; m < bins; ++m) {
    if (from_below_[m] != 0) turns[m] = turns[m - 1] + 0.5F * (across_[m - 1] + across_[m]);
  }
}

void PhaseGradient::next(const float* magnitudes, const float* after,
                         std::complex<float>* spectrum) {
  if (after != nullptr) {
    take(after, after_);
    differentiate_in_time_direction(after_);
  }
  {
    // At both ends of the time axis the difference is one-sided.
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
  write_spectrum(bins_, magnitudes, now_.turns.data(), reinterpret_cast<float*>(spectrum));
  std::swap(before_, now_);
  std::swap(now_, after_);
  first_ = false;
}

}  // namespace minet::audio
