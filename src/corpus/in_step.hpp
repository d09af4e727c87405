// Tests whether sound and movement of a track belong together in time: compares the strength of
// onsets with the speed of the hands, as audio-visual association of players does (Li, Dinesh,
// Duan, Sharma, "See and listen", ICASSP 2017), and finds the lag at which they agree.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "minet/pose/pose.hpp"

namespace minet::corpus {

// At the pose's frame rate of 25 per second. Rising energy over all frequencies, computed 50 times
// a second and added in pairs; frame i is centred on i / 25 s.
std::vector<double> onset_strength(std::span<const float> samples_at_16_khz);

// Four rows: both wrists, and the fingers of each hand relative to their wrist; pixels per frame.
std::vector<std::vector<double>> hand_speeds(const pose::PoseSequence& pose);

struct Lag {
  double seconds = 0;      // positive: the hands move after the sound; within +-2
  double correlation = 0;  // at this lag
  double deviations = 0;   // above the mean of lags beyond 3 s, in their standard deviations
  bool significant = false;
  bool clearly_off = false;  // significant, over 0.25 s, and much lower within 0.25 s
};

// nullopt if shorter than 20 s, or if nothing moves or sounds.
std::optional<Lag> find_lag(std::span<const double> onsets,
                            const std::vector<std::vector<double>>& speeds);

struct InStep {
  std::optional<Lag> whole, start, end;  // start, end: half of the track, at most 30 s
  // A sentence if sound and movement are out of step or drift apart; otherwise empty.
  std::string complaint() const;
};

InStep judge_in_step(std::span<const float> samples_at_16_khz, const pose::PoseSequence& pose);

}  // namespace minet::corpus
