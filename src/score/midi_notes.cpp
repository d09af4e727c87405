// MIDI events -> notes in seconds.
#include <algorithm>
#include <array>
#include <cstdint>

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"
#include "minet/score/midi.hpp"
#include "score/midi_time.hpp"
#include "score/note_order.hpp"
#include "score/repairs.hpp"

namespace minet::score {
namespace {

constexpr std::int32_t kNone = -1;
constexpr int kDrumChannel = 9;  // "channel 10", counted from 1

// The sounding notes of one track: a FIFO queue per channel and pitch.
class SoundingNotes {
 public:
  SoundingNotes() {
    first_.fill(kNone);
    last_.fill(kNone);
  }
  void start(std::size_t key, std::int32_t note) {
    next_.resize(static_cast<std::size_t>(note) + 1, kNone);
    if (first_[key] == kNone) {
      first_[key] = note;
    } else {
      next_[static_cast<std::size_t>(last_[key])] = note;
    }
    last_[key] = note;
  }
  std::int32_t stop(std::size_t key) {  // the oldest, or kNone
    const std::int32_t note = first_[key];
    if (note != kNone) first_[key] = next_[static_cast<std::size_t>(note)];
    return note;
  }

 private:
  std::array<std::int32_t, 16 * 128> first_, last_;
  std::vector<std::int32_t> next_;  // next note in the queue, by note of the track
};

struct TickNote {
  std::int64_t on, off;
  int channel, pitch, velocity;
};

std::vector<TickNote> pair_notes(const MidiTrack& track, std::size_t index, Repairs& repairs) {
  std::vector<TickNote> notes;
  SoundingNotes sounding;
  for (const MidiEvent& event : track.events) {
    const int kind = event.status & 0xF0;
    if ((kind != 0x80 && kind != 0x90) || event.data.size() != 2) continue;
    const int channel = event.status & 0x0F;
    const int pitch = event.data[0] & 0x7F;
    const int velocity = event.data[1] & 0x7F;
    const auto key = static_cast<std::size_t>(channel * 128 + pitch);
    if (kind == 0x90 && velocity > 0) {
      sounding.start(key, static_cast<std::int32_t>(notes.size()));
      notes.push_back({event.tick, -1, channel, pitch, velocity});
    } else if (const std::int32_t note = sounding.stop(key); note != kNone) {
      notes[static_cast<std::size_t>(note)].off = event.tick;
    }
  }
  for (TickNote& note : notes) {
    if (note.off >= 0) continue;
    note.off = std::max(track.end_tick, note.on);
    repairs.add("unreleased", [&] {
      return text("track ", index + 1, ": note ", note.pitch, " at tick ", note.on,
                  " is never released; it ends with its track");
    });
  }
  return notes;
}

std::string name_of(const MidiTrack& track) {
  constexpr std::uint8_t kMeta = 0xFF, kTrackName = 0x03;
  for (const MidiEvent& event : track.events) {
    if (event.status == kMeta && event.type == kTrackName) return event.data.substr(0, 60);
  }
  return {};
}

void count_part(std::vector<ScorePart>& parts, const MidiTrack& track, std::size_t index,
                int channel) {
  const int number = static_cast<int>(index) + 1;
  for (ScorePart& part : parts) {
    if (part.track == number && part.channel == channel + 1) {
      ++part.notes;
      return;
    }
  }
  parts.push_back({number, channel + 1, name_of(track), 1});
}

bool is_chosen(const MidiChoice& choice, std::size_t track, int channel) {
  return (choice.track == 0 || choice.track == static_cast<int>(track) + 1) &&
         (choice.channel == 0 || choice.channel == channel + 1);
}

}  // namespace

NoteList midi_notes(const MidiFile& file, const MidiChoice& choice) {
  NoteList list;
  list.format = text("MIDI format ", file.format);
  list.repairs = file.repairs;
  Repairs repairs;
  const MidiTime time(file);
  double track_start_s = 0;  // advances in format 2 only
  std::int64_t drums = 0;
  for (std::size_t i = 0; i < file.tracks.size(); ++i) {
    const MidiTrack& track = file.tracks[i];
    for (const TickNote& tick_note : pair_notes(track, i, repairs)) {
      Note note{.pitch = tick_note.pitch, .velocity = tick_note.velocity};
      note.onset_s = track_start_s + time.seconds(i, tick_note.on);
      note.duration_s = track_start_s + time.seconds(i, tick_note.off) - note.onset_s;
      note.drum = tick_note.channel == kDrumChannel;
      if (!(note.duration_s > 0)) {
        repairs.add("zero", [&] {
          return text("track ", i + 1, ": note ", note.pitch, " at ", to_text(note.onset_s),
                      " s has no length; dropped");
        });
        continue;
      }
      count_part(list.parts, track, i, tick_note.channel);
      if (!is_chosen(choice, i, tick_note.channel)) continue;
      drums += note.drum ? 1 : 0;
      list.notes.push_back(note);
    }
    if (file.format == 2) track_start_s += time.seconds(i, track.end_tick);
    if (track_start_s > kMaxScoreSeconds) {
      throw InputError(text("MIDI format 2: expected tracks of at most ",
                            human_duration(kMaxScoreSeconds), " one after another, got more in ",
                            "track ", i + 1, "; split the file"));
    }
  }
  if (list.notes.empty() && !list.parts.empty()) {
    std::string parts;
    for (const ScorePart& part : list.parts) {
      parts += text(parts.empty() ? "" : ", ", "track ", part.track, " channel ", part.channel,
                    part.name.empty() ? "" : " \"" + printable(part.name) + "\"");
    }
    const std::string track = choice.track > 0 ? text(" track ", choice.track) : "";
    const std::string channel = choice.channel > 0 ? text(" channel ", choice.channel) : "";
    throw InputError(text("expected one of the parts of the MIDI file (", parts, "), got", track,
                          channel, "; choose one of these"));
  }
  std::erase_if(list.parts, [&](const ScorePart& part) {
    return !is_chosen(choice, static_cast<std::size_t>(part.track - 1), part.channel - 1);
  });
  sort_notes(list.notes);
  repairs.append_to(list.repairs);
  if (file.format == 2 && file.tracks.size() > 1) {
    list.repairs.push_back(text("format 2 has ", file.tracks.size(),
                                " tracks that are tunes of their own; read one after another"));
  }
  if (drums > 0) {
    list.repairs.push_back(
        text(counted(drums, "note"), drums == 1 ? " is" : " are", " on the drums' channel 10"));
  }
  return list;
}

}  // namespace minet::score
