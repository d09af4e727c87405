// The loudness of a track, and the gain that normalises it.
//
// The active level is the RMS over the 50 ms frames that are less than 50 dB below the loudest
// frame, so that rests do not count. This is not ITU-R BS.1770: single instruments are comparable
// without frequency weighting, and a plain RMS can be checked by hand.
#pragma once

#include <span>

namespace minet::corpus {

inline constexpr double kTargetLevelDb = -23;  // dBFS, active RMS
inline constexpr double kPeakLimitDb = -1;     // dBFS
inline constexpr double kActiveRangeDb = 50;   // below the loudest frame
inline constexpr double kSilenceDb = -70;      // dBFS: a track with no louder frame is silent
inline constexpr int kLevelFrame = 800;        // samples; 50 ms at 16 kHz

struct Level {
  double peak = 0;           // largest |sample|
  double loudest_db = -200;  // dBFS, RMS of the loudest frame
  double active_db = -200;   // dBFS, RMS over the active frames
  // dBFS, RMS about the mean of the fourth loudest frame: an offset is not sound, nor are the
  // clicks at its ends.
  double sounding_db = -200;
  bool silent() const { return sounding_db < kSilenceDb; }
};

Level measure_level(std::span<const float> samples);

// The gain that brings the active level to the target, or the peak to its limit if that is less;
// rounded down to 0.01 dB, so that the recorded gain is the one applied.
double levelling_gain_db(const Level& level);

// Subtracts the mean if it exceeds a thousandth of full scale, and returns it; otherwise 0.
double remove_offset(std::span<float> samples);

void apply_gain(std::span<float> samples, double gain_db);

// The share of 50 ms frames with an RMS below `threshold_db` dBFS; 1 if there are no samples.
double silent_share(std::span<const float> samples, double threshold_db);

}  // namespace minet::corpus
