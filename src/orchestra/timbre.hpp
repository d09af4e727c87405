// The timbres of the built-in synthesiser; see additive.cpp.
#pragma once

#include <array>
#include <string>
#include <vector>

namespace minet::orchestra {

struct Formant {
  double hz, db, octaves;  // centre, height, width (one standard deviation)
};

struct Timbre {
  std::string code;
  std::array<double, 8> harmonics_db;  // of the first eight partials
  double rolloff_db;                   // per octave, beyond the eighth
  std::vector<Formant> formants;
  double soft_db;  // additional roll-off per octave when played softly
  double attack_s, release_s;
  double vibrato_cents, vibrato_hz;
  double tremolo;                      // share of the level, at the vibrato rate
  double noise_db, noise_hz, noise_q;  // bow or breath, relative to the tone
  double burst_db;                     // the same noise at the attack
};

const Timbre& timbre_of(const std::string& code);

}  // namespace minet::orchestra
