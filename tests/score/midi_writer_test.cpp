// The MIDI writer: output is read back the same, and anything a file cannot hold is refused.
#include <gtest/gtest.h>

#include "minet/core/random.hpp"
#include "minet/score/midi.hpp"
#include "score/midi_bytes_builder.hpp"

using namespace minet;
using namespace minet::score;
using namespace minet::score::test;

namespace {

void expect_same_after_writing(const MidiFile& file) {
  const MidiFile again = parse_midi(midi_bytes(file), "written.mid");
  EXPECT_TRUE(again.repairs.empty()) << lines(again.repairs);
  EXPECT_EQ(again.format, file.format);
  EXPECT_EQ(again.division, file.division);
  EXPECT_TRUE(again.tracks == file.tracks);
}

TEST(MidiWriter, WritesTheBytesOfTheStandard) {
  MidiFile file{.format = 0, .division = {.ticks_per_quarter = 96}, .tracks = {}, .repairs = {}};
  file.tracks.push_back({{midi_tempo(0, 500000), midi_program(0, 2, 40), midi_note_on(0, 2, 60, 90),
                          midi_note_off(200, 2, 60)},
                         300});
  EXPECT_EQ(midi_bytes(file),
            header(0, 1, 96) + chunk("MTrk", bytes({0,    0xFF, 0x51, 3,    0x07, 0xA1, 0x20, 0,
                                                    0xC2, 40,   0,    0x92, 60,   90,   0x81, 0x48,
                                                    0x82, 60,   0x40, 0x64, 0xFF, 0x2F, 0})));
}

TEST(MidiWriter, EveryKindOfEventIsReadBackTheSame) {
  MidiFile file;
  file.format = 1;
  file.division.ticks_per_quarter = 32767;
  file.tracks.push_back({{midi_tempo(0, 1),
                          midi_tempo(5, 0xFFFFFF),
                          {5, 0xFF, 0x03, "a name"},
                          {5, 0xFF, 0x7F, ""},
                          {9, 0xF0, 0, std::string("\x7E\x00\xF7", 3)},
                          {9, 0xF7, 0, "\xF8"}},
                         9});
  file.tracks.push_back({{{127, 0x8F, 0, "\x01\x02"},
                          {255, 0x90, 0, "\x7F\x7F"},
                          {16511, 0xA1, 0, "\x01\x02"},
                          {32767, 0xB2, 0, "\x01\x02"},
                          {2130000, 0xC3, 0, "\x01"},
                          {2130000, 0xD4, 0, "\x02"},
                          {4300000, 0xE5, 0, "\x01\x02"},
                          {4300001, 0xFF, 1, std::string(70000, 'x')}},
                         4300001 + 0x0FFFFF});
  expect_same_after_writing(file);
  file.division = {.ticks_per_quarter = 0, .smpte_rate = 29, .ticks_per_frame = 255};
  expect_same_after_writing(file);
}

TEST(MidiWriter, RandomFilesAreReadBackTheSame) {
  Random random(derive_seed(1, "midi round trip"));
  for (int round = 0; round < 200; ++round) {
    MidiFile file;
    file.format = static_cast<int>(random.below(3));
    file.division.ticks_per_quarter = static_cast<int>(1000 + random.below(30000));
    file.tracks.resize(file.format == 0 ? 1 : 1 + random.below(5));
    for (MidiTrack& track : file.tracks) {
      std::int64_t tick = 0;
      for (std::uint64_t i = random.below(50); i > 0; --i) {
        tick += static_cast<std::int64_t>(random.below(1ull << random.below(16)));
        const int channel = static_cast<int>(random.below(16));
        const int a = static_cast<int>(random.below(128)), b = static_cast<int>(random.below(128));
        switch (random.below(4)) {
          case 0:
            track.events.push_back(midi_note_on(tick, channel, a, b));
            break;
          case 1:
            track.events.push_back(midi_note_off(tick, channel, a));
            break;
          case 2:
            track.events.push_back(midi_program(tick, channel, a));
            break;
          default:
            track.events.push_back(midi_tempo(tick, 1 + a * 10000));
            break;
        }
      }
      track.end_tick = tick + static_cast<std::int64_t>(random.below(300));
    }
    expect_same_after_writing(file);
  }
}

TEST(MidiWriter, NotesBecomeAFileWithTheSameNotes) {
  const std::vector<Note> notes = {
      {0, 0.5, 60, 100}, {0.5, 0.25, 60, 1}, {0.6, 1.2345, 72, 127}, {3600, 0.00001, 0, 64}};
  const MidiFile file = midi_from_notes(notes, {.channel = 3, .program = 40});
  const NoteList list = midi_notes(parse_midi(midi_bytes(file), "notes.mid"));
  EXPECT_TRUE(list.repairs.empty()) << lines(list.repairs);
  ASSERT_EQ(list.notes.size(), notes.size());
  for (std::size_t i = 0; i < notes.size(); ++i) {
    EXPECT_NEAR(list.notes[i].onset_s, notes[i].onset_s, 0.5e-4 + 1e-9);
    EXPECT_NEAR(list.notes[i].end_s(), notes[i].end_s(), 1e-4 + 1e-9);
    EXPECT_EQ(list.notes[i].pitch, notes[i].pitch);
    EXPECT_EQ(list.notes[i].velocity, notes[i].velocity);
  }
}

TEST(MidiWriter, RefusesWhatNoFileCanHold) {
  const auto refused = [](const MidiFile& file) { return input_error([&] { midi_bytes(file); }); };
  const auto with = [](std::vector<MidiEvent> events, std::int64_t end) {
    MidiFile file;
    file.tracks.push_back({std::move(events), end});
    return file;
  };
  EXPECT_TRUE(contains(refused(with({midi_note_off(5, 0, 1), midi_note_off(4, 0, 1)}, 9)),
                       "got 4 after 5"));
  EXPECT_TRUE(contains(refused(with({midi_note_off(5, 0, 1)}, 4)), "got 4 after 5"));
  EXPECT_TRUE(contains(refused(with({midi_note_off(-1, 0, 1)}, 4)), "got -1"));
  EXPECT_TRUE(contains(refused(with({}, 0x10000000)), "268435456"));
  EXPECT_TRUE(contains(refused(with({{0, 0x90, 0, "\x01"}}, 0)), "2 data bytes"));
  EXPECT_TRUE(contains(refused(with({{0, 0xC0, 0, "\x81"}}, 0)), "1 data bytes"));
  EXPECT_TRUE(contains(refused(with({{0, 0xF8, 0, ""}}, 0)), "status 248"));
  EXPECT_TRUE(contains(refused(with({{0, 0x10, 0, ""}}, 0)), "status 16"));
  EXPECT_TRUE(contains(refused(with({{0, 0xFF, 0x2F, ""}}, 0)), "end_tick"));
  EXPECT_TRUE(contains(refused(MidiFile{}), "got format 1 with 0"));
  MidiFile two = with({}, 0);
  two.tracks.resize(2);
  two.format = 0;
  EXPECT_TRUE(contains(refused(two), "got format 0 with 2"));
  MidiFile bad_division = with({}, 0);
  bad_division.division.ticks_per_quarter = 40000;
  EXPECT_TRUE(contains(refused(bad_division), "got 40000"));
  EXPECT_TRUE(contains(input_error([] { midi_tempo(0, 0); }), "got 0"));
  const std::vector<Note> bad = {{0, 1, 128}};
  EXPECT_TRUE(contains(input_error([&] { midi_from_notes(bad); }), "pitch 128"));
  EXPECT_TRUE(contains(input_error([&] { midi_from_notes({}, {.channel = 16}); }), "got 16"));
}

}  // namespace
