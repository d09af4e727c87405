// See midi_time.hpp.
#include "score/midi_time.hpp"

#include <algorithm>

namespace minet::score {
namespace {

constexpr int kDefaultTempo = 500000;  // microseconds per quarter note: 120 per minute

struct TempoChange {
  std::int64_t tick;
  int tempo;
};

void find_tempos(const MidiTrack& track, std::vector<TempoChange>& changes) {
  for (const MidiEvent& event : track.events) {
    if (event.status != 0xFF || event.type != 0x51) continue;
    if (const int tempo = tempo_of(event.data)) changes.push_back({event.tick, tempo});
  }
}

}  // namespace

int tempo_of(std::string_view data) {
  if (data.size() != 3) return 0;
  const auto byte = [&](std::size_t i) {
    return static_cast<int>(static_cast<unsigned char>(data[i]));
  };
  return byte(0) << 16 | byte(1) << 8 | byte(2);
}

MidiTime::MidiTime(const MidiFile& file) {
  const MidiDivision& division = file.division;
  if (division.ticks_per_quarter <= 0) {
    const double rate = division.smpte_rate == 29 ? 30000.0 / 1001.0 : division.smpte_rate;
    maps_.push_back({{0, 0, 1 / (rate * division.ticks_per_frame)}});
    return;
  }
  const auto add_map = [&](std::vector<TempoChange>& changes) {
    // Of two changes at one tick that of the later track wins, as in a file merged to format 0.
    std::stable_sort(changes.begin(), changes.end(),
                     [](const auto& a, const auto& b) { return a.tick < b.tick; });
    const auto per_tick = [&](int tempo) { return tempo * 1e-6 / division.ticks_per_quarter; };
    std::vector<Segment>& map = maps_.emplace_back();
    map.push_back({0, 0, per_tick(kDefaultTempo)});
    for (const TempoChange& change : changes) {
      const Segment& last = map.back();
      const double seconds =
          last.seconds + static_cast<double>(change.tick - last.tick) * last.seconds_per_tick;
      map.push_back({change.tick, seconds, per_tick(change.tempo)});
    }
  };
  std::vector<TempoChange> changes;
  for (const MidiTrack& track : file.tracks) {
    find_tempos(track, changes);
    if (file.format == 2) {
      add_map(changes);
      changes.clear();
    }
  }
  if (file.format != 2) add_map(changes);
}

double MidiTime::seconds(std::size_t track, std::int64_t tick) const {
  const auto& map = maps_[maps_.size() == 1 ? 0 : track];
  // The last segment that begins at or before the tick; the first one begins at 0.
  auto segment = std::upper_bound(map.begin() + 1, map.end(), tick,
                                  [](std::int64_t t, const Segment& s) { return t < s.tick; });
  --segment;
  return segment->seconds + static_cast<double>(tick - segment->tick) * segment->seconds_per_tick;
}

}  // namespace minet::score
