// Instruments and fingerings. Strings: first position if the note is in reach, else shifts on the
// top string. Woodwinds: the simple six-hole system with forks. Brass: semitones below the nearest
// natural tone, as valve combinations or slide positions. Omitted: alternative fingerings.
#include "orchestra/instruments.hpp"

#include <algorithm>
#include <cmath>

namespace minet::orchestra {
namespace {

enum Finger {
  kRightThumb,
  kRightIndex,
  kRightMiddle,
  kRightRing,
  kRightLittle,
  kLeftThumb,
  kLeftIndex,
  kLeftMiddle,
  kLeftRing,
  kLeftLittle,
};

Fingering bowed(const Instrument& instrument, int pitch) {
  Fingering held;
  // The string with the lowest position; players avoid open strings only in high passages.
  for (int s = 3; s >= 0; --s) {
    held.string = s;
    if (pitch >= instrument.tuning[static_cast<std::size_t>(s)]) break;
  }
  const int steps = std::max(0, pitch - instrument.tuning[static_cast<std::size_t>(held.string)]);
  held.stop = 1 - std::exp2(-steps / 12.0);
  if (steps > 0) {
    const int in_position = steps <= 7 ? steps : (steps - 1) % 5 + 1;
    static constexpr int kFingerOf[] = {0, 1, 1, 2, 2, 3, 4, 4};
    held.press[static_cast<std::size_t>(kLeftThumb + kFingerOf[in_position])] = 1;
  }
  return held;
}

Fingering woodwind(const Instrument& instrument, int pitch) {
  // Holes from the top: three for the left hand, three for the right; then the little fingers.
  struct Holes {
    char closed[7];
    bool left_little, right_little;
  };
  static constexpr Holes kScale[12] = {
      {"111111", false, false}, {"111111", false, true},  {"111110", false, false},
      {"111100", false, false}, {"111001", false, false}, {"111000", false, false},
      {"111000", true, false},  {"110000", false, false}, {"110100", false, false},
      {"100000", false, false}, {"010000", false, false}, {"000000", false, false},
  };
  const int overblown = instrument.tuning[1];
  int degree = pitch - instrument.tuning[0];
  int registers = 0;
  while (degree >= overblown) degree -= overblown, ++registers;
  Fingering held;
  Holes holes = kScale[0];
  if (degree < 0) {  // the lowest notes: long keys for the little fingers
    holes.right_little = true;
    holes.left_little = degree < -2;
  } else {
    holes = kScale[degree % 12];
    if (degree >= 12) holes.left_little = true;  // the clarinet's throat notes
  }
  static constexpr int kHoleFingers[] = {kLeftIndex,  kLeftMiddle,  kLeftRing,
                                         kRightIndex, kRightMiddle, kRightRing};
  for (int i = 0; i < 6; ++i) {
    held.press[static_cast<std::size_t>(kHoleFingers[i])] = holes.closed[i] == '1' ? 1 : 0;
  }
  held.press[kLeftLittle] = holes.left_little ? 1 : 0;
  held.press[kRightLittle] = holes.right_little ? 1 : 0;
  // The flute overblows by breath alone; the others have a register key behind the instrument.
  held.press[kLeftThumb] = instrument.code == "fl" ? 0 : std::min(0.2, 0.2 * registers);
  return held;
}

// Semitones below the next natural tone above, 0..6.
int under_natural_tone(int fundamental, int pitch) {
  for (int harmonic = 2; harmonic <= 16; ++harmonic) {
    if (harmonic == 7 || harmonic == 11 || harmonic == 13 || harmonic == 14)
      continue;  // out of tune
    const int natural =
        fundamental + static_cast<int>(std::lround(12 * std::log2(static_cast<double>(harmonic))));
    if (natural >= pitch) return std::min(6, natural - pitch);
  }
  return 0;
}

}  // namespace

const std::vector<Instrument>& instruments() {
  static const std::vector<Instrument> kInstruments = {
      {"vn", "violin", 40, 55, 86, Technique::bowed, {55, 62, 69, 76}},
      {"va", "viola", 41, 48, 76, Technique::bowed, {48, 55, 62, 69}},
      {"vc", "cello", 42, 36, 67, Technique::bowed, {36, 43, 50, 57}},
      {"db", "double bass", 43, 28, 53, Technique::bowed, {28, 33, 38, 43}},
      {"fl", "flute", 73, 62, 91, Technique::woodwind, {62, 12, 0, 0}},
      {"ob", "oboe", 68, 59, 84, Technique::woodwind, {62, 12, 0, 0}},
      {"cl", "clarinet", 71, 50, 82, Technique::woodwind, {53, 19, 0, 0}},
      {"bn", "bassoon", 70, 35, 65, Technique::woodwind, {43, 12, 0, 0}},
      {"sax", "saxophone", 65, 50, 79, Technique::woodwind, {53, 12, 0, 0}},
      {"tpt", "trumpet", 56, 55, 81, Technique::valves, {46, 0, 0, 0}},
      {"hn", "horn", 60, 43, 72, Technique::valves, {29, 0, 0, 0}, true},
      {"tbn", "trombone", 57, 41, 69, Technique::slide, {34, 0, 0, 0}},
      {"tba", "tuba", 58, 29, 53, Technique::valves, {22, 0, 0, 0}},
  };
  return kInstruments;
}

Fingering fingering(const Instrument& instrument, int pitch) {
  switch (instrument.technique) {
    case Technique::bowed:
      return bowed(instrument, pitch);
    case Technique::woodwind:
      return woodwind(instrument, pitch);
    case Technique::slide: {
      Fingering held;
      held.slide = under_natural_tone(instrument.tuning[0], pitch);
      return held;
    }
    case Technique::valves:
      break;
  }
  // Valve 1 lowers by two semitones, 2 by one, 3 by three.
  static constexpr int kCombinations[7][3] = {{0, 0, 0}, {0, 1, 0}, {1, 0, 0}, {1, 1, 0},
                                              {0, 1, 1}, {1, 0, 1}, {1, 1, 1}};
  Fingering held;
  const auto& valves = kCombinations[under_natural_tone(instrument.tuning[0], pitch)];
  const int first = instrument.valves_left ? kLeftIndex : kRightIndex;
  for (int i = 0; i < 3; ++i) held.press[static_cast<std::size_t>(first + i)] = valves[i];
  return held;
}

}  // namespace minet::orchestra
