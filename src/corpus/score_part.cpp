// Removes the other voices' notes from the file; the rest is read like any MIDI file.
#include "corpus/score_part.hpp"

#include <algorithm>
#include <set>

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"
#include "minet/score/midi.hpp"
#include "minet/score/notes.hpp"

namespace minet::corpus {
namespace {

bool is_note(const score::MidiEvent& event) {
  const int kind = event.status & 0xF0;
  return kind == 0x80 || kind == 0x90;
}

int channel_of(const score::MidiEvent& event) {
  return event.status & 0x0F;
}

}  // namespace

score::NoteList read_score_part(const std::filesystem::path& path, const ScorePart& part) {
  score::MidiFile file = score::read_midi(path);
  std::vector<std::size_t> voices;  // tracks with notes
  std::set<int> channels;
  for (std::size_t i = 0; i < file.tracks.size(); ++i) {
    const auto& events = file.tracks[i].events;
    if (std::any_of(events.begin(), events.end(), is_note)) voices.push_back(i);
    for (const score::MidiEvent& event : events) {
      if (is_note(event)) channels.insert(channel_of(event));
    }
  }
  const auto parts = static_cast<std::size_t>(part.parts);
  const auto index = static_cast<std::size_t>(part.part - 1);
  const bool by_track = voices.size() == parts;
  if (index >= parts || (!by_track && (voices.size() != 1 || channels.size() != parts))) {
    throw InputError(text("expected a MIDI track with notes for each of ", parts, " parts in ",
                          path.string(), ", got ", counted(voices.size(), "track"),
                          " with notes on ", channels.size(),
                          " channels; use the performed notes"));
  }
  const int channel = by_track ? -1 : *std::next(channels.begin(), part.part - 1);
  for (std::size_t i = 0; i < file.tracks.size(); ++i) {
    if (by_track && i == voices[index]) continue;
    std::erase_if(file.tracks[i].events, [&](const score::MidiEvent& event) {
      return is_note(event) && (by_track || channel_of(event) != channel);
    });
  }
  score::NoteList list = score::midi_notes(file);
  score::make_monophonic(list);
  return list;
}

}  // namespace minet::corpus
