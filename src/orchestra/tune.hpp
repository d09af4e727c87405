// Tunes: a seeded tonal composition in several parts, and each part's performance.
//
// A composition has a key, a metre, a tempo and phrases in pairs: the second answers the first with
// the same rhythm and steps; the first ends on the dominant and the second on the tonic. One chord
// per bar is common to all parts: a melody, inner voices and a bass, each written for the range and
// the habits of its instrument. The performance has a swaying tempo that slows down at the ends of
// phrases (the same for all players), and each player's own uneven onsets, lengths, slurs,
// dynamics, vibrato and intonation. Omitted: modulation, ornaments, counterpoint, double stops.
#pragma once

#include <cstdint>
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
  bool slurred;                // in the same stroke or breath as the note before
  double vibrato;              // 0..1, relative to the instrument's own
};

struct Tune {
  double beats_per_minute = 100;
  std::vector<TuneNote> notes;
};

// What all parts of a composition share.
struct Composition {
  std::uint64_t seed = 0;
  double seconds = 0;
  int tonic = 0;  // pitch class
  bool minor = false;
  double beats_per_minute = 100;
  int beats_per_bar = 4;
  int phrase_bars = 2;
  double start_s = 1, sway = 0;  // start of the first bar; phase of the tempo's sway
  std::vector<int> chords;       // of each bar: the root as a scale step, 0..6
  std::vector<double> loud;      // of each phrase: velocity
  std::vector<double> rests;     // at the end of each phrase, in beats

  double beat_s() const { return 60 / beats_per_minute; }
  double seconds_at(double beat) const;  // as performed
};
Composition compose(double seconds, std::uint64_t seed);

enum class Role { melody, inner, bass };
struct Part {
  int index = 0;  // from 0; parts with the same index have the same rhythm and contour
  Role role = Role::melody;
};

// Ends at least 0.25 s before the composition does.
Tune play_part(const Composition& composition, const Instrument& instrument, Part part,
               std::uint64_t player_seed);

// A tune for a single player.
Tune compose(const Instrument& instrument, double seconds, std::uint64_t seed);

double hz_of(const TuneNote& note);

}  // namespace minet::orchestra
