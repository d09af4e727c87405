// Initial phases for phase reconstruction, estimated from the magnitudes alone.
//
// For a Gaussian window the phase's derivatives follow from those of the log-magnitude; a Hann
// window is close enough to one. They are integrated frame by frame, louder bins first, from the
// frame before or from a neighbouring bin: "phase gradient heap integration" in its real-time form,
// Prusa and Soendergaard, DAFx 2016 (https://dafx.de/paper-archive/2016/dafxpapers/), after Prusa,
// Balazs and Soendergaard, IEEE TASLP 25(5), 2017. Omitted: their variants for other windows, and
// the heap, whose order within one frame two sweeps over the bins give.
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "minet/core/random.hpp"

namespace minet::audio {

// Takes frames in order, each together with the next one, and returns spectra of a transform whose
// frames start at the window's beginning.
class PhaseGradient {
 public:
  PhaseGradient(std::int64_t n_fft, std::int64_t hop, std::int64_t bins, std::uint64_t seed);

  // The magnitudes of the first frame, before the first call of `next`. [bins]
  void begin(const float* magnitudes);
  // `after`: the magnitudes of the frame after the current one, or nullptr at the end; `spectrum`
  // [bins] receives the current frame.
  void next(const float* magnitudes, const float* after, std::complex<float>* spectrum);

 private:
  struct Frame {
    std::vector<float> log;    // natural logarithm, at least `largest` - kQuiet
    std::vector<float> turns;  // phase / 2 pi
    std::vector<float> along;  // turns per hop: the phase's derivative in time
    float largest = 0;         // maximum of log
  };
  void take(const float* magnitudes, Frame& frame) const;
  void differentiate_in_time_direction(Frame& frame) const;
  void spread();
  void spread_alone();

  std::int64_t bins_;
  float along_scale_, across_scale_;
  Random random_;
  Frame before_, now_, after_;
  std::vector<float> own_turns_;  // of a bin's own frequency per hop, without whole turns
  std::vector<float> across_;     // turns per bin: the derivative in frequency
  std::vector<std::uint8_t>
      open_;  // bins of `now_` that are loud enough to follow their neighbours
  std::vector<std::uint8_t> from_below_;  // bins that get their phase from the next lower one
  std::vector<float> offers_;             // loudness that the lower neighbour passes on
  std::vector<float> onwards_;            // phase extrapolated from the frame before, same bin
  bool first_ = true;
};

}  // namespace minet::audio
