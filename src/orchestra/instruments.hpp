// The 13 instruments of URMP: names, ranges, and how their notes are fingered.
// Ranges are sounding MIDI numbers of a comfortable player, not of the instrument's extremes.
#pragma once

#include <array>
#include <string>
#include <vector>

namespace minet::orchestra {

enum class Technique { bowed, woodwind, valves, slide };

struct Instrument {
  std::string code;  // URMP's
  std::string name;
  int program;    // General MIDI, from 0
  int low, high;  // sounding range
  Technique technique;
  // bowed: open strings from the lowest. woodwind: [0] the note with six fingers closed, [1] the
  // interval at which it overblows. valves and slide: [0] the fundamental of the open tube.
  std::array<int, 4> tuning;
  bool valves_left = false;  // the horn's are under the left hand
};

const std::vector<Instrument>& instruments();  // in the order of instrument_codes()

// Fingers in joint order: right thumb, index, middle, ring, little, then the left hand's.
inline constexpr int kFingers = 10;

// How one note is held. Numbers that an instrument does not use stay 0.
struct Fingering {
  std::array<double, kFingers> press{};  // 0 lifted .. 1 pressed
  int string = 0;                        // bowed: from the lowest
  double stop = 0;                       // bowed: share of the string that is cut off by the hand
  double slide = 0;                      // trombone: 0 (closed) .. 6
};

Fingering fingering(const Instrument& instrument, int pitch);

}  // namespace minet::orchestra
