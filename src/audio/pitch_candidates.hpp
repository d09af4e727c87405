// The candidate periods of a frame, with their probabilities; used by pitch.cpp.
#pragma once

#include <complex>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "audio/fourier.hpp"

namespace minet::audio {

struct PitchCandidate {
  double hz = 0;
  double probability = 0;  // at most 1 in total over a frame's candidates
};

// Lags first .. last of one window. Difference and energy come from the autocorrelation of `window`
// samples around the frame's centre.
class LagBand {
 public:
  LagBand(std::int64_t first, std::int64_t last, std::int64_t window);
  // Writes 1 - 2 r(lag) / m(lag) for first - 1 .. last + 1 (0: periodic, 1: uncorrelated, 2:
  // inverted); returns the window's mean square. Samples outside the sound are 0.
  double differences(std::span<const float> samples, std::int64_t centre, std::span<double> out);
  std::int64_t first() const { return first_; }
  std::int64_t last() const { return last_; }

 private:
  std::int64_t first_, last_, window_;
  std::shared_ptr<const Fourier> fourier_;
  AlignedArray<float> frame_, correlation_;
  AlignedArray<std::complex<float>> spectrum_;
  std::vector<double> energy_;  // [window + 1], running sum of squares
};

class PitchCandidates {
 public:
  PitchCandidates(int sample_rate, double lowest_hz, double highest_hz);

  // The candidates around sample `centre`. The mean square of the widest window goes to `power`.
  std::vector<PitchCandidate> of_frame(std::span<const float> samples, std::int64_t centre,
                                       double& power);

 private:
  int sample_rate_;
  double lowest_hz_, highest_hz_;
  std::vector<LagBand> bands_;       // from short lags to long
  std::vector<double> differences_;  // of one band, with one more lag on each side
};

}  // namespace minet::audio
