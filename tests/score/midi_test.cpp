// The MIDI reader on hand-made files, one per feature and per kind of damage.
#include "minet/score/midi.hpp"

#include <gtest/gtest.h>

#include "score/midi_bytes_builder.hpp"

using namespace minet;
using namespace minet::score;
using namespace minet::score::test;

namespace {

NoteList notes_of(const std::string& file) {
  return midi_notes(parse_midi(file, "made.mid"));
}

std::string midi_error_of(const std::string& file) {
  return input_error([&] { notes_of(file); });
}

TEST(Midi, ReadsTwoNotesAtTheDefaultTempo) {
  const NoteList list = notes_of(header(0, 1, 96) + track(kTwoNotes));
  const std::vector<Note> expected = {{0, 0.5, 60, 64}, {0.5, 0.5, 60, 64}};
  EXPECT_EQ(list.notes, expected);
  EXPECT_EQ(list.format, "MIDI format 0");
  EXPECT_TRUE(list.repairs.empty()) << lines(list.repairs);
}

TEST(Midi, VelocityZeroEndsANote) {
  const NoteList list =
      notes_of(header(0, 1, 96) + track(bytes({0, 0x95, 61, 99, 0x60, 0x95, 61, 0})));
  const std::vector<Note> expected = {{0, 0.5, 61, 99}};
  EXPECT_EQ(list.notes, expected);
  EXPECT_TRUE(list.repairs.empty()) << lines(list.repairs);
}

TEST(Midi, RunningStatusRepeatsTheLastStatus) {
  const NoteList list = notes_of(
      header(0, 1, 96) + track(bytes({0, 0x90, 60, 64, 0x60, 60, 0, 0, 62, 64, 0x30, 62, 0})));
  const std::vector<Note> expected = {{0, 0.5, 60, 64}, {0.5, 0.25, 62, 64}};
  EXPECT_EQ(list.notes, expected);
  EXPECT_TRUE(list.repairs.empty()) << lines(list.repairs);
}

TEST(Midi, RunningStatusKeptAcrossMetaAndSysexIsReadWithARepairLine) {
  for (const std::string& between :
       {bytes({0, 0xFF, 0x01, 2, 'h', 'i'}), bytes({0, 0xF0, 2, 0x7E, 0xF7}),
        bytes({0, 0xF7, 1, 0x01}), bytes({0, 0xF6})}) {
    const NoteList list = notes_of(
        header(0, 1, 96) + track(bytes({0, 0x90, 60, 64}) + between + bytes({0x60, 60, 0})));
    const std::vector<Note> expected = {{0, 0.5, 60, 64}};
    EXPECT_EQ(list.notes, expected);
    EXPECT_TRUE(contains(lines(list.repairs), "running status")) << lines(list.repairs);
  }
}

TEST(Midi, RealTimeMessagesLeaveRunningStatusAlone) {
  const NoteList list =
      notes_of(header(0, 1, 96) + track(bytes({0, 0x90, 60, 64, 0x30, 0xF8, 0x30, 60, 0})));
  const std::vector<Note> expected = {{0, 0.5, 60, 64}};
  EXPECT_EQ(list.notes, expected);
  ASSERT_EQ(list.repairs.size(), 1u);
  EXPECT_TRUE(contains(list.repairs[0], "byte 27: system message 248")) << list.repairs[0];
}

TEST(Midi, IllegalSystemMessagesAreSkippedWithTheirDataAndCounted) {
  const NoteList list =
      notes_of(header(0, 1, 96) + track(bytes({0, 0xF1, 1, 0,    0xF2, 1,    2, 0,    0xF3, 1,
                                               0, 0xF4, 0, 0xF5, 0,    0xF6, 0, 0xF9, 0,    0xFE}) +
                                        kTwoNotes));
  EXPECT_EQ(list.notes.size(), 2u);
  ASSERT_EQ(list.repairs.size(), 1u) << lines(list.repairs);
  EXPECT_TRUE(contains(list.repairs[0], "(and 7 more like this)")) << list.repairs[0];
}

TEST(Midi, TempoEventsOfOneTrackRuleTheOthers) {
  // 1 s per quarter from tick 96 on, 0.25 s from tick 192 on; the note spans all three tempos.
  const std::string tempos =
      bytes({0x60, 0xFF, 0x51, 3, 0x0F, 0x42, 0x40, 0x60, 0xFF, 0x51, 3, 0x03, 0xD0, 0x90});
  const std::string note = bytes({0x30, 0x91, 70, 1, 0x81, 0x70, 0x81, 70, 0});  // 48 .. 288
  for (const std::string& both : {track(tempos) + track(note), track(note) + track(tempos)}) {
    const NoteList list = notes_of(header(1, 2, 96) + both);
    ASSERT_EQ(list.notes.size(), 1u);
    EXPECT_NEAR(list.notes[0].onset_s, 0.25, 1e-12);
    EXPECT_NEAR(list.notes[0].end_s(), 0.5 + 1 + 0.25, 1e-12);
  }
}

TEST(Midi, TempoZeroIsIgnoredWithARepairLine) {
  const NoteList list =
      notes_of(header(0, 1, 96) + track(bytes({0, 0xFF, 0x51, 3, 0, 0, 0}) + kTwoNotes));
  EXPECT_NEAR(list.notes.at(1).end_s(), 1, 1e-12);
  ASSERT_EQ(list.repairs.size(), 1u);
  EXPECT_TRUE(contains(list.repairs[0], "byte 26: a tempo event")) << list.repairs[0];
}

TEST(Midi, TheSlowestTempoIsRead) {
  const NoteList list =
      notes_of(header(0, 1, 96) + track(bytes({0, 0xFF, 0x51, 3, 0xFF, 0xFF, 0xFF}) + kTwoNotes));
  EXPECT_NEAR(list.notes.at(1).onset_s, 16.777215, 1e-9);
}

TEST(Midi, SmpteDivisionsIgnoreTempo) {
  const std::string body = bytes({0, 0xFF, 0x51, 3, 1, 0, 0}) + kTwoNotes;
  const struct {
    int rate;
    double frames_per_second;
  } cases[] = {{24, 24}, {25, 25}, {29, 30000.0 / 1001}, {30, 30}};
  for (const auto& one : cases) {
    const NoteList list = notes_of(header(0, 1, (256 - one.rate) << 8 | 40) + track(body));
    ASSERT_EQ(list.notes.size(), 2u);
    EXPECT_NEAR(list.notes[1].onset_s, 96 / (one.frames_per_second * 40), 1e-12) << one.rate;
    EXPECT_TRUE(list.repairs.empty()) << lines(list.repairs);
  }
}

TEST(Midi, FormatTwoTracksFollowOneAnotherEachWithItsTempo) {
  const std::string slow = bytes({0, 0xFF, 0x51, 3, 0x0F, 0x42, 0x40}) + kTwoNotes;
  const NoteList list = notes_of(header(2, 2, 96) + track(slow) + track(kTwoNotes));
  const std::vector<Note> expected = {
      {0, 1, 60, 64}, {1, 1, 60, 64}, {2, 0.5, 60, 64}, {2.5, 0.5, 60, 64}};
  EXPECT_EQ(list.notes, expected);
  EXPECT_TRUE(contains(lines(list.repairs), "one after another")) << lines(list.repairs);
}

TEST(Midi, OverlappingEqualNotesEndFirstInFirstOut) {
  const NoteList list = notes_of(
      header(0, 1, 96) + track(bytes({0, 0x90, 60, 10, 0x30, 60, 20, 0x30, 60, 0, 0x60, 60, 0})));
  const std::vector<Note> expected = {{0, 0.5, 60, 10}, {0.25, 0.75, 60, 20}};
  EXPECT_EQ(list.notes, expected);
}

TEST(Midi, EqualPitchesOfTwoChannelsAndTwoTracksAreDifferentNotes) {
  const std::string long_note = bytes({0, 0x90, 60, 10, 0x81, 0x40, 0x80, 60, 0});
  const std::string short_notes =
      bytes({0, 0x90, 60, 20, 0, 0x91, 60, 30, 0x30, 0x81, 60, 0, 0x30, 0x80, 60, 0});
  const NoteList list = notes_of(header(1, 2, 96) + track(long_note) + track(short_notes));
  const std::vector<Note> expected = {{0, 0.25, 60, 30}, {0, 0.5, 60, 20}, {0, 1, 60, 10}};
  EXPECT_EQ(list.notes, expected);
}

TEST(Midi, UnreleasedNotesEndWithTheirTrack) {
  const NoteList list =
      notes_of(header(0, 1, 96) +
               chunk("MTrk", bytes({0, 0x90, 60, 64, 0, 0x90, 64, 64, 0x81, 0x40, 0xFF, 0x2F, 0})));
  const std::vector<Note> expected = {{0, 1, 60, 64}, {0, 1, 64, 64}};
  EXPECT_EQ(list.notes, expected);
  ASSERT_EQ(list.repairs.size(), 1u);
  EXPECT_TRUE(contains(list.repairs[0], "never released")) << list.repairs[0];
  EXPECT_TRUE(contains(list.repairs[0], "(and 1 more like this)")) << list.repairs[0];
}

TEST(Midi, NotesOfNoLengthAreDroppedWithARepairLine) {
  const NoteList list =
      notes_of(header(0, 1, 96) + track(bytes({0, 0x90, 50, 64, 0, 50, 0}) + kTwoNotes));
  EXPECT_EQ(list.notes.size(), 2u);
  EXPECT_TRUE(contains(lines(list.repairs), "no length")) << lines(list.repairs);
}

TEST(Midi, NoteOffsWithoutANoteAreIgnored) {
  const NoteList list =
      notes_of(header(0, 1, 96) + track(bytes({0, 0x80, 60, 0, 0, 0x90, 72, 0}) + kTwoNotes));
  EXPECT_EQ(list.notes.size(), 2u);
  EXPECT_TRUE(list.repairs.empty()) << lines(list.repairs);
}

TEST(Midi, TheSustainPedalDoesNotLengthenNotes) {
  const NoteList list = notes_of(
      header(0, 1, 96) + track(bytes({0, 0xB0, 64, 127}) + kTwoNotes + bytes({0x60, 0xB0, 64, 0})));
  EXPECT_NEAR(list.notes.at(1).end_s(), 1, 1e-12);
}

TEST(Midi, DrumNotesAreKeptAndMarked) {
  const NoteList list =
      notes_of(header(0, 1, 96) + track(bytes({0, 0x99, 36, 64, 0x60, 36, 0}) + kTwoNotes));
  ASSERT_EQ(list.notes.size(), 3u);
  EXPECT_TRUE(list.notes[0].drum);
  EXPECT_FALSE(list.notes[1].drum);
  EXPECT_TRUE(contains(lines(list.repairs), "1 note is on the drums' channel 10"));
}

TEST(Midi, AnRmidWrapperIsOpened) {
  const std::string midi = header(0, 1, 96) + track(kTwoNotes);
  const auto little = [](std::size_t v) {
    return bytes({static_cast<int>(v & 255), static_cast<int>(v >> 8 & 255), 0, 0});
  };
  const std::string other = "DISP" + little(3) + "abc" + std::string(1, '\0');
  const std::string data = "data" + little(midi.size()) + midi + std::string(midi.size() % 2, '\0');
  const std::string riff =
      "RIFF" + little(4 + other.size() + data.size()) + "RMID" + other + data + "LIST" + little(0);
  const NoteList list = notes_of(riff);
  EXPECT_EQ(list.notes.size(), 2u);
  EXPECT_TRUE(list.repairs.empty()) << lines(list.repairs);

  const NoteList cut = notes_of(riff.substr(0, 12 + other.size() + 8 + midi.size() - 4));
  EXPECT_EQ(cut.notes.size(), 2u);
  EXPECT_TRUE(contains(lines(cut.repairs), "RMID data chunk claims")) << lines(cut.repairs);

  EXPECT_TRUE(contains(midi_error_of("RIFF" + little(4) + "WAVEfmt "), "type RMID, got 'WAVE'"));
  EXPECT_TRUE(contains(midi_error_of("RIFF" + little(4) + "RMID"), "data chunk"));
}

TEST(Midi, UnknownChunksAreSkipped) {
  const NoteList list = notes_of(header(0, 1, 96) + chunk("Junk", "MTrk is not here") +
                                 track(kTwoNotes) + chunk("XFIH", "1234"));
  EXPECT_EQ(list.notes.size(), 2u);
  ASSERT_EQ(list.repairs.size(), 1u);
  EXPECT_TRUE(contains(list.repairs[0], "byte 14: unknown chunk 'Junk' of 16 bytes"))
      << list.repairs[0];
}

TEST(Midi, BytesAfterTheLastTrackAreSkipped) {
  for (const std::size_t count : {1u, 7u, 8u, 100u}) {
    const NoteList list = notes_of(header(0, 1, 96) + track(kTwoNotes) + std::string(count, '\0'));
    EXPECT_EQ(list.notes.size(), 2u) << count;
    EXPECT_EQ(list.repairs.size(), 1u) << lines(list.repairs);
  }
}

TEST(Midi, EveryTruncationGivesWhatWasReadOrAnError) {
  const std::string file = header(1, 2, 96) + track(kTwoNotes) + track(kTwoNotes);
  const std::size_t first_track_end = 14 + 8 + kTwoNotes.size() + 4;
  std::size_t notes_before = 0;
  for (std::size_t size = 0; size < file.size(); ++size) {
    const std::string cut = file.substr(0, size);
    if (size < 14 + 8) {
      EXPECT_TRUE(contains(midi_error_of(cut), size < 14 ? "14 bytes" : "at least one track"))
          << size;
      continue;
    }
    const NoteList list = notes_of(cut);
    EXPECT_FALSE(list.repairs.empty()) << size;
    // An unreleased note of zero length comes and goes, so the count may fall by one.
    EXPECT_GE(list.notes.size() + 1, notes_before) << size;
    notes_before = list.notes.size();
    if (size >= first_track_end) {
      EXPECT_GE(list.notes.size(), 2u) << size;
    }
  }
  EXPECT_EQ(notes_of(file).notes.size(), 4u);
}

TEST(Midi, AWrongTrackCountIsRepaired) {
  for (const int claimed : {0, 1, 3, 65535}) {
    const NoteList list = notes_of(header(1, claimed, 96) + track(kTwoNotes) + track(kTwoNotes));
    EXPECT_EQ(list.notes.size(), 4u) << claimed;
    ASSERT_EQ(list.repairs.size(), 1u) << lines(list.repairs);
    EXPECT_TRUE(contains(list.repairs[0], "the header claims")) << list.repairs[0];
  }
}

TEST(Midi, WrongTrackLengthsAreRepaired) {
  const std::string body = kTwoNotes + kEnd;
  for (const std::uint32_t claimed : {0u, 1u, 5u, 19u, 21u, 1000u, 0x0100003Bu, 0xFFFFFFFFu}) {
    const NoteList list = notes_of(header(1, 2, 96) + "MTrk" + big(claimed, 4) + body +
                                   track(bytes({0, 0x91, 80, 64, 0x60, 80, 0})));
    EXPECT_EQ(list.notes.size(), 3u) << claimed << '\n' << lines(list.repairs);
    EXPECT_TRUE(contains(lines(list.repairs), "byte 18: track 1 claims")) << lines(list.repairs);
  }
}

TEST(Midi, ATrackWithoutItsEndIsKept) {
  const NoteList list = notes_of(header(1, 2, 96) + chunk("MTrk", kTwoNotes) + track(kTwoNotes));
  EXPECT_EQ(list.notes.size(), 4u);
  EXPECT_TRUE(contains(lines(list.repairs), "no end-of-track")) << lines(list.repairs);
}

TEST(Midi, ABrokenTrackKeepsWhatCameBeforeAndTheNextTrack) {
  const std::pair<std::string, std::string> cases[] = {
      {bytes({0, 60, 64}), "a data byte without a status byte"},
      {bytes({0, 0x90, 60, 0x80}), "a status byte in place of a data byte"},
      {bytes({0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x90, 60, 64}), "a number of more than 4 bytes"},
      {bytes({0, 0xFF, 0x01, 0x7F, 'a'}), "in the middle of an event"},
      {bytes({0, 0xFF, 0x81, 0x00}), "a type over 127"},
      {bytes({0, 0xF0, 0x7F, 'a'}), "in the middle of an event"}};
  for (const auto& [broken, why] : cases) {
    const bool first = why.starts_with("a data byte");  // needs a track without any status yet
    const std::string damaged = chunk("MTrk", (first ? "" : kTwoNotes) + broken);
    const NoteList list = notes_of(header(1, 2, 96) + damaged + track(kTwoNotes));
    EXPECT_EQ(list.notes.size(), first ? 2u : 4u) << why;
    EXPECT_TRUE(contains(lines(list.repairs), why)) << why << ":\n" << lines(list.repairs);
    const std::string where = "byte " + std::to_string(first ? 22 : 22 + kTwoNotes.size()) + ": ";
    EXPECT_TRUE(contains(lines(list.repairs), where)) << where << lines(list.repairs);
  }
}

TEST(Midi, HeadersOfOtherLengthsAreRead) {
  const std::string rest = big(0, 2) + big(1, 2) + big(96, 2);
  const std::string music = track(kTwoNotes);
  for (const std::uint32_t claimed : {0u, 5u, 1000u, 0xFFFFFFFFu}) {
    const NoteList list = notes_of("MThd" + big(claimed, 4) + rest + music);
    EXPECT_EQ(list.notes.size(), 2u) << claimed;
    EXPECT_EQ(list.repairs.size(), 1u) << lines(list.repairs);
  }
  const NoteList longer = notes_of("MThd" + big(9, 4) + rest + "xyz" + music);
  EXPECT_EQ(longer.notes.size(), 2u);
  EXPECT_EQ(longer.repairs.size(), 1u) << lines(longer.repairs);
}

TEST(Midi, AnUnknownFormatAndAFormatZeroOfTwoTracksAreReadAsFormatOne) {
  for (const int format : {0, 3, 65535}) {
    const MidiFile file =
        parse_midi(header(format, 2, 96) + track(kTwoNotes) + track(kTwoNotes), "made.mid");
    EXPECT_EQ(file.format, 1);
    EXPECT_EQ(file.repairs.size(), 1u) << lines(file.repairs);
    EXPECT_EQ(midi_notes(file).notes.size(), 4u);
  }
}

TEST(Midi, ErrorsNameTheFileTheByteAndWhatToDo) {
  const std::string music = track(kTwoNotes);
  EXPECT_EQ(midi_error_of(header(0, 1, 0) + music),
            "made.mid, byte 12: expected 1 or more ticks a quarter note, got 0; export the MIDI "
            "file again");
  EXPECT_TRUE(
      contains(midi_error_of(header(0, 1, 0xF060) + music), "byte 12: expected an SMPTE rate"));
  EXPECT_TRUE(contains(midi_error_of(header(0, 1, 0xE700) + music), "byte 13: expected 1 or more"));
  EXPECT_TRUE(contains(midi_error_of(header(0, 0, 96)), "byte 14: expected at least one track"));
  EXPECT_TRUE(contains(midi_error_of("MT0d" + (header(0, 1, 96) + music).substr(4)), "byte 0:"));
  EXPECT_TRUE(contains(midi_error_of(""), "byte 0: expected a MIDI header of 14 bytes, got 0"));
  EXPECT_TRUE(contains(input_error([] { parse_midi(std::string(16, 'x'), "a\x1b[2J.mid"); }),
                       "a\\x1b[2J.mid"));
}

TEST(Midi, MusicOfMoreThanFourHoursIsAnError) {
  // 2^28 - 1 ticks of 1/96 quarter at 120 quarters per minute are 388 hours.
  const std::string late = bytes({0xFF, 0xFF, 0xFF, 0x7F, 0x90, 60, 64});
  const std::string message = midi_error_of(header(1, 2, 96) + track(kTwoNotes) + track(late));
  EXPECT_TRUE(contains(message, "byte 42: expected music of at most 4 h")) << message;
  EXPECT_TRUE(contains(message, "track 2")) << message;
  // Three tunes of 2 hours: each is short enough, together they are not.
  const std::string two_hours = bytes({0xD3, 0xDD, 0x00, 0x90, 60, 64, 1, 60, 0});
  EXPECT_EQ(notes_of(header(1, 3, 96) + track(two_hours) + track(two_hours) + track(two_hours))
                .notes.size(),
            3u);
  EXPECT_TRUE(contains(
      midi_error_of(header(2, 3, 96) + track(two_hours) + track(two_hours) + track(two_hours)),
      "one after another"));
}

TEST(Midi, TooManyTracksEventsOrBytesAreAnError) {
  std::string tracks;
  for (int i = 0; i < kMaxMidiTracks; ++i) tracks += track("");
  EXPECT_EQ(std::ssize(parse_midi(header(1, 1024, 96) + tracks, "a").tracks), kMaxMidiTracks);
  EXPECT_TRUE(
      contains(midi_error_of(header(1, 1025, 96) + tracks + track("")), "at most 1024 tracks"));

  std::string events = bytes({0, 0xC0, 1});
  for (int i = 1; i < kMaxMidiEvents; ++i) events += bytes({0, 1});
  EXPECT_EQ(std::ssize(parse_midi(header(0, 1, 96) + track(events), "a").tracks[0].events),
            kMaxMidiEvents);
  EXPECT_TRUE(contains(midi_error_of(header(0, 1, 96) + track(events + bytes({0, 1}))),
                       "at most 1000000 events"));

  EXPECT_TRUE(
      contains(midi_error_of(std::string(kMaxScoreBytes + 1, 'x')), "at most 16777216 bytes"));
}

TEST(Midi, FilesOfManyBadChunksAreReadQuickly) {
  // Every chunk has a false length; a reader that searched the whole file again for each would need
  // minutes for these 15 MB.
  std::string file = header(1, 1, 96) + track(kTwoNotes);
  while (file.size() < 15000000) file += "Junk" + big(0xFFFFFFFF, 4);
  EXPECT_EQ(notes_of(file).notes.size(), 2u);
}

}  // namespace
