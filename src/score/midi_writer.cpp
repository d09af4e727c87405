// Writes standard MIDI files and makes events. Every event gets its status byte: running status
// would save a few bytes, but some readers fail on it.
#include <algorithm>
#include <cmath>
#include <utility>

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"
#include "minet/score/midi.hpp"
#include "score/midi_time.hpp"

namespace minet::score {
namespace {

constexpr std::int64_t kMaxLength = 0x0FFFFFFF;  // four bytes of seven bits each

void put_big(std::string& out, std::int64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xFF);
}

void put_length(std::string& out, std::int64_t value) {
  for (int shift = 21; shift > 0; shift -= 7) {
    if (value >> shift) out += static_cast<char>(0x80 | (value >> shift & 0x7F));
  }
  out += static_cast<char>(value & 0x7F);
}

[[noreturn]] void fail(std::size_t track, const std::string& what) {
  throw InputError(text("MIDI track ", track + 1, " to write: ", what));
}

void put_delta(std::string& out, std::size_t track, std::int64_t from, std::int64_t to) {
  if (to < from || to - from > kMaxLength) {
    fail(track, text("expected ticks that rise by 0 to ", kMaxLength, ", got ", to, " after ", from,
                     "; sort the events"));
  }
  put_length(out, to - from);
}

void put_event(std::string& out, std::size_t track, const MidiEvent& event) {
  out += static_cast<char>(event.status);
  if (event.status >= 0x80 && event.status < 0xF0) {
    const std::size_t size = event.status >= 0xC0 && event.status < 0xE0 ? 1 : 2;
    const bool clean = std::all_of(event.data.begin(), event.data.end(),
                                   [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    if (event.data.size() != size || !clean) {
      fail(track, text("expected ", size, " data bytes of 0..127 for status ",
                       static_cast<int>(event.status), ", got others at tick ", event.tick,
                       "; correct the event"));
    }
    out += event.data;
    return;
  }
  if (event.status == 0xFF) {
    if (event.type == 0x2F || event.type >= 0x80) {
      fail(track, text("expected a meta event of a type up to 127 other than end-of-track, got ",
                       static_cast<int>(event.type), " at tick ", event.tick, "; set end_tick"));
    }
    out += static_cast<char>(event.type);
  } else if (event.status != 0xF0 && event.status != 0xF7) {
    fail(track, text("expected a channel message, sysex or meta event, got status ",
                     static_cast<int>(event.status), " at tick ", event.tick, "; leave it out"));
  }
  if (std::ssize(event.data) > kMaxLength) {
    fail(track, text("expected an event of at most ", kMaxLength, " bytes, got ", event.data.size(),
                     "; leave it out"));
  }
  put_length(out, std::ssize(event.data));
  out += event.data;
}

std::int64_t division_word(const MidiDivision& division) {
  if (division.smpte_rate == 0 && division.ticks_per_quarter >= 1 &&
      division.ticks_per_quarter <= 0x7FFF) {
    return division.ticks_per_quarter;
  }
  const int rate = division.smpte_rate;
  if (division.ticks_per_quarter == 0 && (rate == 24 || rate == 25 || rate == 29 || rate == 30) &&
      division.ticks_per_frame >= 1 && division.ticks_per_frame <= 255) {
    return (256 - rate) << 8 | division.ticks_per_frame;
  }
  throw InputError(
      text("MIDI file to write: expected 1..32767 ticks a quarter note, or SMPTE 24, "
           "25, 29 or 30 with 1..255 ticks a frame, got ",
           division.ticks_per_quarter, ", ", rate, " and ", division.ticks_per_frame,
           "; correct the division"));
}

MidiEvent channel_event(std::int64_t tick, int status, int channel, std::string data) {
  return {tick, static_cast<std::uint8_t>(status | (channel & 0x0F)), 0, std::move(data)};
}

}  // namespace

std::string midi_bytes(const MidiFile& file) {
  const std::int64_t count = std::ssize(file.tracks);
  if (file.format < 0 || file.format > 2 || count < 1 || count > kMaxMidiTracks ||
      (file.format == 0 && count != 1)) {
    throw InputError(text(
        "MIDI file to write: expected format 0 with one track, or format 1 or 2 "
        "with 1..",
        kMaxMidiTracks, ", got format ", file.format, " with ", count, "; correct the format"));
  }
  std::string out = "MThd";
  put_big(out, 6, 4);
  put_big(out, file.format, 2);
  put_big(out, count, 2);
  put_big(out, division_word(file.division), 2);
  for (std::size_t i = 0; i < file.tracks.size(); ++i) {
    const MidiTrack& track = file.tracks[i];
    std::string body;
    std::int64_t tick = 0;
    for (const MidiEvent& event : track.events) {
      put_delta(body, i, tick, event.tick);
      put_event(body, i, event);
      tick = event.tick;
    }
    put_delta(body, i, tick, track.end_tick);
    body.append("\xFF\x2F\x00", 3);
    if (body.size() > UINT32_MAX) fail(i, "expected under 4 GiB, got more; split it");
    out += "MTrk";
    put_big(out, std::ssize(body), 4);
    out += body;
  }
  return out;
}

MidiEvent midi_tempo(std::int64_t tick, int microseconds_per_quarter) {
  if (microseconds_per_quarter < 1 || microseconds_per_quarter > 0xFFFFFF) {
    throw InputError(text("tempo: expected 1..16777215 microseconds a quarter note, got ",
                          microseconds_per_quarter, "; choose another tempo"));
  }
  MidiEvent event{tick, 0xFF, 0x51, {}};
  put_big(event.data, microseconds_per_quarter, 3);
  return event;
}

MidiEvent midi_program(std::int64_t tick, int channel, int program) {
  return channel_event(tick, 0xC0, channel, {static_cast<char>(program)});
}

MidiEvent midi_note_on(std::int64_t tick, int channel, int pitch, int velocity) {
  return channel_event(tick, 0x90, channel,
                       {static_cast<char>(pitch), static_cast<char>(velocity)});
}

MidiEvent midi_note_off(std::int64_t tick, int channel, int pitch) {
  return channel_event(tick, 0x80, channel, {static_cast<char>(pitch), '\x40'});
}

MidiFile midi_from_notes(std::span<const Note> notes, const MidiFromNotesOptions& options) {
  constexpr int kTicksPerSecond = 10000;
  if (options.channel < 0 || options.channel > 15 || options.program < 0 || options.program > 127) {
    throw InputError(text("MIDI from notes: expected channel 0..15 and program 0..127, got ",
                          options.channel, " and ", options.program, "; choose others"));
  }
  MidiFile file;
  file.format = 0;
  file.division.ticks_per_quarter = kTicksPerSecond;
  MidiTrack& track = file.tracks.emplace_back();
  for (const Note& note : notes) {
    const bool times = note.onset_s >= 0 && note.duration_s > 0 && note.end_s() <= kMaxScoreSeconds;
    if (!times || note.pitch < 0 || note.pitch > 127) {
      throw InputError(text("MIDI from notes: expected notes within 0 s and ", kMaxScoreSeconds,
                            " s with pitch 0..127, got onset ", note.onset_s, " s, duration ",
                            note.duration_s, " s, pitch ", note.pitch, "; correct the note"));
    }
    const auto on = std::llround(note.onset_s * kTicksPerSecond);
    const auto off = std::max(on + 1, std::llround(note.end_s() * kTicksPerSecond));
    track.events.push_back(
        midi_note_on(on, options.channel, note.pitch, std::clamp(note.velocity, 1, 127)));
    track.events.push_back(midi_note_off(off, options.channel, note.pitch));
    track.end_tick = std::max<std::int64_t>(track.end_tick, off);
  }
  // Note-offs before note-ons of the same tick, so that a repeated pitch is struck again.
  std::stable_sort(track.events.begin(), track.events.end(), [](const auto& a, const auto& b) {
    return a.tick != b.tick ? a.tick < b.tick : (a.status & 0xF0) < (b.status & 0xF0);
  });
  track.events.insert(track.events.begin(),
                      {midi_tempo(0, 1000000), midi_program(0, options.channel, options.program)});
  return file;
}

}  // namespace minet::score
