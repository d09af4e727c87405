// Note lists: URMP text, notes.csv, MIDI by content, one voice.
#include "minet/score/notes.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "minet/core/files.hpp"
#include "minet/score/midi.hpp"
#include "score/midi_bytes_builder.hpp"
#include "support/temp_folder.hpp"

using namespace minet;
using namespace minet::score;
using namespace minet::score::test;

namespace {

std::string error_of(const std::string& content) {
  return input_error([&] { parse_notes(content, "notes"); });
}

TEST(UrmpNotes, AreReadWithAnySpaceBlankLinesAndFurtherColumns) {
  const NoteList list = parse_notes(
      "\xEF\xBB\xBF\n 1.5\t440.000\t0.25\r\n\n0.5  261.6 1 extra columns\r3 27.5 1e-1\t7\n   \n",
      "Notes_1_vn_01_Jupiter.txt");
  const std::vector<Note> expected = {{0.5, 1, 60}, {1.5, 0.25, 69}, {3, 0.1, 21}};
  EXPECT_EQ(list.notes, expected);
  EXPECT_EQ(list.format, "URMP notes");
  EXPECT_TRUE(list.repairs.empty()) << lines(list.repairs);
}

TEST(UrmpNotes, PitchIsTheNearestMidiNumber) {
  for (int pitch = 0; pitch < 128; ++pitch) {
    EXPECT_EQ(pitch_of_hz(hz_of_pitch(pitch)), pitch);
    for (const double cents : {-49.9, -30.0, 30.0, 49.9}) {
      EXPECT_EQ(pitch_of_hz(hz_of_pitch(pitch) * std::exp2(cents / 1200)), pitch) << cents;
    }
    EXPECT_EQ(pitch_of_hz(hz_of_pitch(pitch) * std::exp2(50.1 / 1200)), pitch + 1);
    EXPECT_EQ(pitch_of_hz(hz_of_pitch(pitch) * std::exp2(-50.1 / 1200)), pitch - 1);
  }
  EXPECT_DOUBLE_EQ(hz_of_pitch(69), 440);
}

TEST(UrmpNotes, BadNotesAreDroppedOrCutWithALine) {
  const NoteList list = parse_notes(
      "1 440 0\n2 440 -1\n3 0 1\n-0.25 440 1\n-2 440 1\n5 440 1\n6 -1 1\n", "notes.txt");
  const std::vector<Note> expected = {{0, 0.75, 69}, {5, 1, 69}};
  EXPECT_EQ(list.notes, expected);
  ASSERT_EQ(list.repairs.size(), 3u) << lines(list.repairs);
  EXPECT_EQ(list.repairs[0],
            "line 1: a note of 0 s at 1 s has no length after 0 s; dropped (and 2 more like this)");
  EXPECT_EQ(list.repairs[1], "line 3: a note of 0 Hz has no pitch; dropped (and 1 more like this)");
  EXPECT_EQ(list.repairs[2], "line 4: a note begins at -0.25 s; cut to begin at 0 s");
}

TEST(UrmpNotes, BadLinesAreErrorsWithTheirNumber) {
  EXPECT_EQ(error_of("1 440 1\n\n2 nan 1\n"),
            "notes, line 3: expected a number for the pitch, got 'nan'; correct the line");
  EXPECT_TRUE(contains(error_of("1 440 1\r\n2 440 inf\r\n"), "line 2: expected a number"));
  EXPECT_TRUE(contains(error_of("1 440 1\n2 440\n"), "line 2: expected onset (s), pitch (Hz)"));
  EXPECT_TRUE(contains(error_of("1 440 1\n2 440 1x\n"), "line 2: expected a number"));
  EXPECT_TRUE(contains(error_of("1 440 1\n2 5 1\n"), "line 2: expected a pitch"));
  EXPECT_TRUE(contains(error_of("1 440 1\n2 1e308 1\n"), "line 2: expected a pitch"));
  EXPECT_TRUE(contains(error_of("1 440 1\n14400 440 1\n"), "line 2: expected notes within 4 h"));
  EXPECT_TRUE(contains(error_of("1 440 1\n1e308 440 1e308\n"), "line 2: expected notes within"));
}

TEST(NotesCsv, IsReadByColumnNames) {
  const NoteList list =
      parse_notes("name, Pitch ,onset_s,duration_s,velocity\n\"a,b\",60,1,0.5,100\nc,61.0,0,2,1\n",
                  "notes.csv");
  const std::vector<Note> expected = {{0, 2, 61, 1}, {1, 0.5, 60, 100}};
  EXPECT_EQ(list.notes, expected);
  EXPECT_EQ(list.format, "notes.csv");
  EXPECT_TRUE(list.repairs.empty()) << lines(list.repairs);
}

TEST(Notes, TimesInMillisecondsAreGuessedFromTheirLength) {
  const NoteList urmp = parse_notes("0 440 250\n250 494 500\n750 523 250\n", "notes.txt");
  const NoteList csv = parse_notes("onset_s,duration_s,pitch\n0,480,69\n500,480,71\n", "notes.csv");
  for (const NoteList& list : {urmp, csv}) {
    ASSERT_EQ(list.repairs.size(), 1u) << lines(list.repairs);
    EXPECT_TRUE(contains(list.repairs[0], "divide them by 1000")) << list.repairs[0];
  }
  const NoteList drone = parse_notes("0 440 15\n15 440 30\n45 440 12\n", "notes.txt");
  EXPECT_TRUE(drone.repairs.empty()) << lines(drone.repairs);
}

TEST(NotesCsv, MayHaveDecimalCommas) {
  const NoteList list =
      parse_notes("onset_s;duration_s;pitch;velocity\n0,5;1,25;69;80,0\n", "notes.csv");
  ASSERT_EQ(list.notes.size(), 1u);
  EXPECT_EQ(list.notes[0], (Note{.onset_s = 0.5, .duration_s = 1.25, .pitch = 69, .velocity = 80}));
}

TEST(NotesCsv, WithoutNotesIsARest) {
  EXPECT_TRUE(parse_notes("onset_s,duration_s,pitch\n", "notes.csv").notes.empty());
  EXPECT_TRUE(parse_notes("\xEF\xBB\xBFonset_s,duration_s,pitch", "notes.csv").notes.empty());
}

TEST(NotesCsv, WhatIsWrittenIsReadBackTheSame) {
  const std::vector<Note> notes = {{0, 1.0 / 3, 0}, {0.1, 1e-9, 127}, {1e4 / 7, 0.25, 60}};
  const std::string csv = notes_csv(notes);
  EXPECT_TRUE(csv.starts_with("onset_s,duration_s,pitch\n0,0.333"));
  const NoteList list = parse_notes(csv, "notes.csv");
  EXPECT_EQ(list.notes, notes);
  EXPECT_EQ(notes_csv(list.notes), csv);
}

TEST(NotesCsv, BadLinesAreErrorsWithTheirNumber) {
  const std::string head = "onset_s,duration_s,pitch\n";
  EXPECT_TRUE(contains(error_of(head + "1,1,60\n1,nan,60\n"),
                       "line 3: expected a number for duration_s, got 'nan'"));
  EXPECT_TRUE(contains(error_of(head + "1,,60\n"), "line 2: expected a number for duration_s"));
  EXPECT_TRUE(contains(error_of(head + "1,1,128\n"), "line 2: expected a MIDI number"));
  EXPECT_TRUE(contains(error_of(head + "1,1,-1\n"), "line 2: expected a MIDI number"));
  EXPECT_TRUE(contains(error_of("\n\n" + head + "1,1,-1\n"), "line 4: expected a MIDI number"));
  EXPECT_TRUE(contains(error_of("onset_s,pitch\n1,60\n"), "without duration_s"));
  EXPECT_TRUE(contains(error_of("onset_s,duration_s,pitch,velocity\n1,1,60,0\n"), "velocity"));
  EXPECT_NE(error_of(head + "1,1\n"), "");
  const NoteList rounded = parse_notes(head + "1,1,60.4\n", "notes.csv");
  EXPECT_EQ(rounded.notes.at(0).pitch, 60);
  EXPECT_EQ(rounded.repairs.at(0), "line 2: pitch 60.4 is rounded to 60");
}

TEST(Notes, TheContentDecidesTheFormat) {
  EXPECT_EQ(parse_notes(header(0, 1, 96) + track(kTwoNotes), "a.txt").format, "MIDI format 0");
  EXPECT_EQ(parse_notes("1 440 1", "a.mid").format, "URMP notes");
  EXPECT_EQ(parse_notes("onset_s,duration_s,pitch", "a.mid").format, "notes.csv");
  EXPECT_TRUE(contains(error_of(""), "an empty file"));
  EXPECT_TRUE(contains(error_of(" \n\r\n\t"), "an empty file"));
  EXPECT_TRUE(contains(error_of("This is not\n"), "begins with 'This is not'"));
  EXPECT_TRUE(contains(error_of("1,440,1\n"), "begins with '1,440,1'"));
  EXPECT_TRUE(contains(error_of(std::string("1 440 1\n\0\0", 10)), "expected MIDI"));
  EXPECT_TRUE(contains(error_of("\x1b[2J"), "a file that is a binary file"));
}

TEST(Notes, AreReadFromAFile) {
  const TempFolder folder;
  save_file(folder / "a.mid", header(0, 1, 96) + track(kTwoNotes));
  EXPECT_EQ(read_notes(folder / "a.mid").notes.size(), 2u);
  EXPECT_EQ(read_midi(folder / "a.mid").tracks.size(), 1u);
  EXPECT_TRUE(contains(input_error([&] { read_notes(folder / "b.mid"); }), "b.mid"));
  EXPECT_NE(input_error([&] { read_notes(folder.path()); }), "");
}

TEST(OneVoice, KeepsTheHighestOfAChordAndCutsAtTheNextOnset) {
  const NoteList list =
      parse_notes("onset_s,duration_s,pitch\n0,4,50\n1,1,60\n1,2,67\n1,1,64\n2,0.5,62\n2.5,1,62\n",
                  "notes.csv", {.monophonic = true});
  const std::vector<Note> expected = {{0, 1, 50}, {1, 1, 67}, {2, 0.5, 62}, {2.5, 1, 62}};
  EXPECT_EQ(list.notes, expected);
  ASSERT_EQ(list.repairs.size(), 2u) << lines(list.repairs);
  EXPECT_EQ(list.repairs[0],
            "one voice: 2 notes dropped that began together with a higher or longer one");
  EXPECT_EQ(list.repairs[1], "one voice: 2 notes cut where the next began");
}

TEST(OneVoice, LeavesAMelodyAsItIs) {
  NoteList list;
  for (int i = 0; i < 1000; ++i) list.notes.push_back({i * 0.1, 0.1, 60 + i % 12});
  const std::vector<Note> before = list.notes;
  make_monophonic(list);
  EXPECT_TRUE(list.repairs.empty()) << lines(list.repairs);
  ASSERT_EQ(list.notes.size(), before.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_NEAR(list.notes[i].duration_s, before[i].duration_s, 1e-12);
    if (i > 0) {
      EXPECT_GE(list.notes[i].onset_s, list.notes[i - 1].end_s() - 1e-12);
    }
  }
  make_monophonic(list);
  EXPECT_TRUE(list.repairs.empty());
}

// Two tracks: named, on channels 1 and 10, and channel 2 with two notes at once.
std::string two_parts() {
  const std::string name = bytes({0x00, 0xFF, 0x03, 5}) + "Flute";
  const std::string flute =
      name + bytes({0x00, 0x90, 72, 64, 0x00, 0x99, 81, 64, 0x60, 0x80, 72, 0, 0x00, 0x89, 81, 0});
  const std::string chord =
      bytes({0x00, 0x91, 48, 64, 0x00, 0x91, 52, 64, 0x60, 0x81, 48, 0, 0x00, 0x81, 52, 0});
  return header(1, 2, 96) + track(flute) + track(chord);
}

TEST(Parts, AreNamedAndCanBeChosen) {
  const NoteList all = parse_notes(two_parts(), "piece.mid");
  ASSERT_EQ(all.parts.size(), 3u);
  EXPECT_EQ(all.parts[0].name, "Flute");
  EXPECT_EQ(all.parts[2].track, 2);
  EXPECT_EQ(all.parts[2].channel, 2);
  EXPECT_EQ(all.parts[2].notes, 2);
  const NoteList second = parse_notes(two_parts(), "piece.mid", {.midi = {.track = 2}});
  EXPECT_EQ(second.notes.size(), 2u);
  EXPECT_EQ(parse_notes(two_parts(), "piece.mid", {.midi = {.channel = 1}}).notes.size(), 1u);
  EXPECT_TRUE(
      contains(input_error([] { parse_notes(two_parts(), "piece.mid", {.midi = {.track = 7}}); }),
               "track 1 channel 1 \"Flute\""));
  EXPECT_TRUE(contains(
      input_error([] { parse_notes("1 440 1\n", "n.txt", {.midi = {.track = 1}}); }), "MIDI file"));
}

TEST(Parts, OneVoiceLeavesDrumsOutAndNamesWhatThereWasToChoose) {
  const NoteList voice = parse_notes(two_parts(), "piece.mid", {.monophonic = true});
  ASSERT_EQ(voice.notes.size(), 1u);
  EXPECT_EQ(voice.notes[0].pitch, 72);
  EXPECT_TRUE(contains(lines(voice.repairs),
                       "choose one by its track or channel: track 1 channel 1 \"Flute\" (1 note)"));
  EXPECT_TRUE(contains(lines(voice.repairs), "1 drum note left out"));
  const NoteList flute =
      parse_notes(two_parts(), "piece.mid", {.monophonic = true, .midi = {.channel = 1}});
  EXPECT_FALSE(contains(lines(flute.repairs), "dropped"));
  const NoteList drums =
      parse_notes(two_parts(), "piece.mid", {.monophonic = true, .midi = {.channel = 10}});
  EXPECT_EQ(drums.notes.size(), 1u);
  EXPECT_TRUE(contains(lines(drums.repairs), "only drum notes: taken as pitches"));
  const NoteList lower = parse_notes(
      two_parts(), "piece.mid", {.monophonic = true, .midi = {.channel = 10}, .transpose = -12});
  EXPECT_EQ(lower.notes[0].pitch, drums.notes[0].pitch - 12);
}

TEST(Parts, AChosenOneIsNotToBeChosenAgain) {
  const NoteList chord =
      parse_notes(two_parts(), "piece.mid", {.monophonic = true, .midi = {.track = 2}});
  EXPECT_EQ(chord.parts.size(), 1u);
  EXPECT_TRUE(contains(lines(chord.repairs), "1 note dropped")) << lines(chord.repairs);
  EXPECT_FALSE(contains(lines(chord.repairs), "choose one")) << lines(chord.repairs);
}

TEST(Parts, DrumsCanBeLeftOutAlone) {
  NoteList all = parse_notes(two_parts(), "piece.mid");
  ASSERT_EQ(all.notes.size(), 4u);
  leave_out_drums(all);
  ASSERT_EQ(all.notes.size(), 3u);
  for (const Note& note : all.notes) EXPECT_NE(note.pitch, 81);
  EXPECT_TRUE(contains(lines(all.repairs), "1 drum note left out"));
  const std::vector<std::string> before = all.repairs;
  leave_out_drums(all);
  EXPECT_EQ(all.repairs, before);
}

TEST(Parts, CanBeTransposedWithinMidisNumbers) {
  const NoteList low =
      parse_notes(two_parts(), "piece.mid", {.midi = {.channel = 1}, .transpose = -12});
  EXPECT_EQ(low.notes[0].pitch, 60);
  const auto pitch_of_drum = [](MidiChoice choice) {
    for (const Note& note :
         parse_notes(two_parts(), "p.mid", {.midi = choice, .transpose = 2}).notes)
      if (note.drum) return note.pitch;
    return 0;
  };
  EXPECT_EQ(pitch_of_drum({}), 81);
  EXPECT_EQ(pitch_of_drum({.channel = 10}), 83);  // taken as a pitch
  EXPECT_TRUE(contains(input_error([] { parse_notes(two_parts(), "p.mid", {.transpose = 60}); }),
                       "0 to 127"));
}

TEST(UrmpNotes, OnsetOffsetPitchIsToldFromOnsetPitchDuration) {
  for (const char* mirex :
       {"9 9.5 440\n9.5 10 493.88\n", "3\t3.5\t69\n3.5\t4\t71\n", "9 9.5 440\n"}) {
    EXPECT_TRUE(contains(error_of(mirex), "onset, offset and pitch")) << mirex;
  }
  EXPECT_EQ(parse_notes("31 41.2 0.5\n31.5 43.65 0.4\n", "bass.txt").notes.size(), 2u);
  EXPECT_EQ(parse_notes("0 27.5 25\n", "pedal.txt").notes.size(), 1u);
}

}  // namespace
