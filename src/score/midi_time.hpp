// Converts ticks of a MIDI file to seconds: by the tempo map, or by SMPTE frames.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "minet/score/midi.hpp"

namespace minet::score {

// Microseconds per quarter note in a tempo event's data; 0 if it is not a valid tempo.
int tempo_of(std::string_view data);

class MidiTime {
 public:
  // Copies what it needs from `file`, which may be destroyed afterwards.
  explicit MidiTime(const MidiFile& file);

  // Time of `tick` since the start of track `track` (format 2: of that tune).
  double seconds(std::size_t track, std::int64_t tick) const;

 private:
  struct Segment {  // of constant tempo
    std::int64_t tick;
    double seconds, seconds_per_tick;
  };
  std::vector<std::vector<Segment>> maps_;  // one for all tracks; format 2: one per track
};

}  // namespace minet::score
