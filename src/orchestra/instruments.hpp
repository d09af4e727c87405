// The 13 instruments of URMP: names, ranges, and the fingering of their notes.
// Ranges are sounding MIDI numbers that a player reaches comfortably, not instruments' extremes.
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
  // bowed: open strings, lowest first. woodwind: [0] the note with six fingers closed, [1] the
  // interval of overblowing. valves and slide: [0] the fundamental of the open tube.
  std::array<int, 4> tuning;
  bool valves_left = false;  // the horn's valves are under the left hand
};

const std::vector<Instrument>& instruments();  // in the order of instrument_codes()

// Fingers in joint order: right thumb, index, middle, ring, little, then the left hand's.
inline constexpr int kFingers = 10;

// How one note is fingered. Values that an instrument does not use stay 0.
struct Fingering {
  std::array<double, kFingers> press{};  // 0 lifted .. 1 pressed
  int string = 0;                        // bowed: 0 is the lowest
  double stop = 0;                       // bowed: share of the string that the hand cuts off
  double slide = 0;                      // trombone: 0 (closed) .. 6
};

Fingering fingering(const Instrument& instrument, int pitch);

}  // namespace minet::orchestra
