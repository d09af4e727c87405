// Fundamental frequency tracking of a single voice.
//
// YIN's normalised difference function (de Cheveigne and Kawahara 2002, doi:10.1121/1.1458024) by
// FFT, with all thresholds considered at once as in pYIN (Mauch and Dixon 2014,
// doi:10.1109/ICASSP.2014.6853678), and the most likely path through the candidates of all frames.
// Unlike these, every range of periods has its own window (three of its longest periods, so that
// high notes are not blurred by the window that low ones need), each lag is normalised by the
// energy that it compares (McLeod and Wyvill 2005), and the path chooses among the candidates
// themselves, not on a grid of pitches.
// Left out: several voices at once. Whisper and breath count as unvoiced.
#pragma once

#include <cstdint>
#include <vector>

#include "minet/audio/sound.hpp"

namespace minet::audio {

struct PitchOptions {
  double lowest_hz = 30;     // 20 or more; the lower, the more computation
  double highest_hz = 2100;  // at most a quarter of the sample rate
  std::int64_t hop = 256;    // samples
  double silence_db = -60;   // frames this far below the loudest one are unvoiced; below 0
  double leap = 1e-4;        // likelihood of a leap relative to staying; the lower, the fewer leaps
  double switching = 0.01;   // likelihood of a change between voiced and unvoiced
};

struct PitchTrack {
  double hop_s = 0;            // frame t is centred on t * hop_s, as in a spectrogram
  std::vector<float> hz;       // [T], T = samples / hop + 1; 0 = unvoiced
  std::vector<float> voicing;  // [T], probability of a pitch in this frame alone, 0 to 1
};

// InputError if an option is out of range.
PitchTrack track_pitch(const Sound& sound, const PitchOptions& options = {});

}  // namespace minet::audio
