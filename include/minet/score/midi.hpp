// Standard MIDI files, low level: reads and writes events by track, without any library.
// Source: "Standard MIDI Files 1.0" (MIDI Manufacturers Association, RP-001); RMID wrapper RP-029.
//
// The reader takes formats 0, 1 and 2. Broken but readable files are read, with a line in
// `repairs`: a wrong track count or length, a truncated file or track, unknown chunks, running
// status kept across a meta event or sysex, system messages not allowed in files, tempo 0.
// An InputError (with the byte position) is thrown for: no MThd, no track, division 0, an SMPTE
// rate other than 24, 25, 29 (= 29.97) and 30, and the limits below.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "minet/score/note.hpp"

namespace minet::score {

inline constexpr std::int64_t kMaxScoreBytes = 16 << 20;  // of any score file
inline constexpr std::int64_t kMaxMidiTracks = 1024;
inline constexpr std::int64_t kMaxMidiEvents = 1000000;  // in a file
inline constexpr std::int64_t kMaxNotes = 1000000;
inline constexpr double kMaxScoreSeconds = 4 * 3600;  // latest end of a note or track

// The unit of ticks: ticks per quarter note (tempo events give the time), or SMPTE frames.
struct MidiDivision {
  int ticks_per_quarter = 480;  // 1..32767; 0 = SMPTE
  int smpte_rate = 0;           // 24, 25, 29 (means 30000/1001) or 30 frames per second
  int ticks_per_frame = 0;      // 1..255
  bool operator==(const MidiDivision&) const = default;
};

struct MidiEvent {
  std::int64_t tick = 0;    // since the track's start
  std::uint8_t status = 0;  // 0x80..0xEF with the channel; 0xF0, 0xF7 sysex; 0xFF meta
  std::uint8_t type = 0;    // of a meta event: 0x51 tempo, 0x03 track name, …
  std::string data;         // the message's bytes after status, type and length
  bool operator==(const MidiEvent&) const = default;
};

struct MidiTrack {
  std::vector<MidiEvent> events;  // in file order, ticks never decreasing, without end-of-track
  std::int64_t end_tick = 0;      // tick of the end-of-track event
  bool operator==(const MidiTrack&) const = default;
};

struct MidiFile {
  int format = 1;  // 0: one track; 1: simultaneous tracks; 2: independent tracks, one tune each
  MidiDivision division;
  std::vector<MidiTrack> tracks;
  std::vector<std::string> repairs;  // see NoteList
};

MidiFile read_midi(const std::filesystem::path& path);
MidiFile parse_midi(std::string_view bytes, const std::string& name);  // `name` for messages

// The file as bytes, for core's save_file. parse_midi(midi_bytes(file)) has the same format,
// division and tracks. InputError for anything no MIDI file can hold, such as decreasing ticks.
std::string midi_bytes(const MidiFile& file);

// Notes of all tracks, sorted. A note-off (or a note-on with velocity 0) ends the oldest sounding
// note of its track, channel and pitch; without such a note it is ignored. A note that is never
// released ends with its track, and a note of zero length is dropped, both with a line in
// `repairs`. In formats 0 and 1, tempo events of any track apply to all tracks (500,000 us per
// quarter before the first). In format 2 each track has its own tempo, and the tracks follow one
// another. Left out: the sustain pedal, pitch bends, tuning and "all notes off".
// `choice` restricts the notes to a track and a channel; InputError lists the parts if none match.
struct MidiChoice {
  int track = 0, channel = 0;  // counted from 1; 0: all
};
NoteList midi_notes(const MidiFile& file, const MidiChoice& choice = {});

struct MidiFromNotesOptions {
  int channel = 0;  // 0..15; 9 is for drums
  int program = 0;  // General MIDI instrument, 0..127
};
// A format 0 file at 60 quarters per minute with 10,000 ticks per quarter: times to 0.1 ms.
MidiFile midi_from_notes(std::span<const Note> notes, const MidiFromNotesOptions& options = {});

// Events for building a file.
MidiEvent midi_tempo(std::int64_t tick, int microseconds_per_quarter);
MidiEvent midi_program(std::int64_t tick, int channel, int program);
MidiEvent midi_note_on(std::int64_t tick, int channel, int pitch, int velocity);
MidiEvent midi_note_off(std::int64_t tick, int channel, int pitch);

}  // namespace minet::score
