// A player's movement over time: the tune as hand and body controls, frame by frame.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "orchestra/instruments.hpp"
#include "orchestra/tune.hpp"

namespace minet::orchestra {

struct Pose {                            // controls at one moment
  std::array<double, kFingers> press{};  // 0 lifted .. 1 pressed, in joint order
  double bow = 0;                        // 0 at the frog .. 1 at the tip
  double string = 0;                     // 0 lowest .. 3, in between while crossing
  double stop = 0;                       // share of the string cut off by the left hand
  double slide = 0;                      // 0 .. 6
  double height = 0;                     // position of the pitch within the range, -1 .. 1
  double loud = 0;                       // 0 .. 1
  double breath = 0;                     // 0 empty .. 1 full
  double nod = 0;                        // a pulse at each onset, by its accent
  double roll = 0, lean = 0, turn = 0;   // sway, about -1 .. 1
  double vibrato = 0;                    // of the left hand's fingers, -1 .. 1
};

// One set of controls per time (increasing, in seconds).
std::vector<Pose> move(const Instrument& instrument, const Tune& tune,
                       const std::vector<double>& times, std::uint64_t seed);

}  // namespace minet::orchestra
