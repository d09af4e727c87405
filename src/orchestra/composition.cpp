// What all parts of a composition share: key, metre, tempo, chords, phrases. See tune.hpp.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "minet/core/random.hpp"
#include "orchestra/smooth.hpp"
#include "orchestra/tune.hpp"

namespace minet::orchestra {
namespace {

// Chord roots of a phrase of `bars` bars, as scale steps: towards the dominant, or back to the
// tonic.
std::vector<int> progression(Random& random, int bars, bool answer) {
  static const std::vector<std::vector<int>> kMiddle = {{3}, {5}, {1}, {3, 1}, {5, 3}, {5, 1}};
  std::vector<int> chords = {0};
  if (answer && bars == 2) chords = {4};
  while (static_cast<int>(chords.size()) < bars) {
    for (const int chord : kMiddle[random.below(kMiddle.size())]) chords.push_back(chord);
  }
  chords.resize(static_cast<std::size_t>(bars));
  chords.back() = answer ? 0 : 4;
  if (answer && bars > 2) chords[chords.size() - 2] = 4;
  return chords;
}

}  // namespace

Composition compose(double seconds, std::uint64_t seed) {
  Random random(derive_seed(seed, "composition"));
  Composition piece;
  piece.seed = seed;
  piece.seconds = seconds;
  piece.beats_per_minute = std::round(random.uniform(72, 126));
  piece.tonic = static_cast<int>(random.below(12));
  piece.minor = random.uniform() < 0.4;
  piece.beats_per_bar = random.uniform() < 0.65 ? 4 : 3;
  piece.start_s = random.uniform(0.5, 1.2);
  piece.sway = random.uniform(0, 2 * std::numbers::pi);
  const double bar_s = piece.beats_per_bar * piece.beat_s();
  piece.phrase_bars = std::clamp(static_cast<int>(std::lround(6.5 / bar_s)), 2, 4);
  const int phrases = 1 + static_cast<int>(std::ceil(seconds / (bar_s * piece.phrase_bars)));
  for (int phrase = 0; phrase < phrases; ++phrase) {
    for (const int chord : progression(random, piece.phrase_bars, phrase % 2 == 1))
      piece.chords.push_back(chord);
    piece.loud.push_back(random.uniform(58, 90));
    const double rest = std::ceil(random.uniform(0.45, 1.1) / piece.beat_s() * 2) / 2;
    piece.rests.push_back(std::min(rest, piece.beats_per_bar - 1.0));
  }
  return piece;
}

double Composition::seconds_at(double beat) const {
  constexpr double kBroadening = 0.14;  // s by which the end of a phrase is lengthened
  const double length = phrase_bars * beats_per_bar;
  const double phrase = std::max(0.0, std::floor(beat / length));
  const double into = beat - phrase * length;
  return start_s + beat * beat_s() +
         0.06 * (std::sin(sway + 2 * std::numbers::pi * beat / 24) - std::sin(sway)) +
         kBroadening * (phrase + smooth((into - 0.6 * length) / (0.4 * length)));
}

Tune compose(const Instrument& instrument, double seconds, std::uint64_t seed) {
  return play_part(compose(seconds, seed), instrument, {}, seed);
}

double hz_of(const TuneNote& note) {
  return 440 * std::exp2((note.pitch - 69 + note.cents / 100) / 12);
}

}  // namespace minet::orchestra
