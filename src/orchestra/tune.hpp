// Tunes: a seeded tonal melody, and how it is performed.
//
// Phrases of 6 to 14 notes on a major or minor scale, built on a rhythmic motif, ending on a note
// of the tonic chord, with a rest after each; phrases wander through the whole range. The
// performance has a swaying tempo, uneven onsets, phrase dynamics, slurs and an intonation of its
// own. Left out: harmony, modulation, ornaments.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "orchestra/instruments.hpp"

namespace minet::orchestra {

struct TuneNote {
  double beat, beats;          // in the score
  double onset_s, duration_s;  // as performed; one voice, so the next onset is never before the end
  int pitch;                   // MIDI
  double cents;                // intonation
  int velocity;                // 1..127
  int phrase;                  // from 0
  bool slurred;                // belongs to the stroke or breath of the note before
  double vibrato;              // 0..1 of the instrument's own
};

struct Tune {
  std::string title;
  double beats_per_minute = 100;
  std::vector<TuneNote> notes;
};

// Ends at least 0.25 s before `seconds`.
Tune compose(const Instrument& instrument, double seconds, std::uint64_t seed);

double hz_of(const TuneNote& note);

}  // namespace minet::orchestra
