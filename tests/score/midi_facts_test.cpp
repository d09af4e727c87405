// The MIDI reader against an independent one (mido 1.3.3) on 44 real files: midi_facts.csv in the
// shared data lists what mido found in each.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "minet/core/csv.hpp"
#include "minet/core/text.hpp"
#include "minet/score/midi.hpp"
#include "minet/score/note_indices.hpp"
#include "minet/score/notes.hpp"
#include "score/midi_bytes_builder.hpp"

using namespace minet;
using namespace minet::score;
using namespace minet::score::test;

namespace {

// Files that mido could not read, or for which it has no times. `notes` < 0: an InputError that
// contains `part`; otherwise the number of notes, and `part` is in the repairs.
struct OddFile {
  int notes;
  std::string part;
};
const std::map<std::string, OddFile> kOddFiles = {
    {"jazz-soft/test-2-tracks-type-2.mid", {16, "one after another"}},
    {"jazz-soft/test-corrupt-file-missing-byte.mid", {8, "breaks off"}},
    {"jazz-soft/test-empty-file.mid", {-1, "empty"}},
    {"jazz-soft/test-illegal-message-all.mid", {8, "system message"}},
    {"jazz-soft/test-non-midi-track.mid", {8, "unknown chunk 'Junk'"}},
    {"jazz-soft/test-not-a-midi-file.mid", {-1, "expected MIDI"}},
    {"nfroidure/MIDIBadHeaderChunk.mid", {-1, "expected MIDI"}},
    {"nfroidure/MIDIBadHeaderSMTPE.mid", {-1, "byte 12: expected an SMPTE rate"}},
    {"nfroidure/MIDIBadTrackLength.mid", {4, "track 1 claims 16777275 bytes"}},
    {"nfroidure/MIDIOkFormat2.mid", {8, "one after another"}},
};

// The most notes that sound together; a note that ends where another begins does not overlap it.
std::int64_t polyphony(const std::vector<Note>& notes) {
  std::vector<std::pair<double, int>> changes;
  for (const Note& note : notes) {
    changes.push_back({note.onset_s, 1});
    changes.push_back({note.end_s() - 1e-9, -1});
  }
  std::sort(changes.begin(), changes.end());
  std::int64_t now = 0, most = 0;
  for (const auto& [time, change] : changes) most = std::max(most, now += change);
  return most;
}

std::int64_t channels(const MidiFile& file) {
  std::set<int> used;
  for (const MidiTrack& track : file.tracks) {
    for (const MidiEvent& event : track.events) {
      if ((event.status & 0xF0) == 0x90 && event.data[1] != 0) used.insert(event.status & 0x0F);
    }
  }
  return std::ssize(used);
}

class MidiFacts : public testing::Test {
 protected:
  void SetUp() override {
    root_ = shared_data();
    if (root_.empty() || !exists(root_ / "midi_facts.csv")) {
      GTEST_SKIP() << "no shared data: set MINET_SHARED_DATA to a folder with midi_facts.csv";
    }
    table_ = read_csv(root_ / "midi_facts.csv");
  }
  std::string cell(const CsvRow& row, std::string_view column) const {
    return row.cells[table_.column(column)];
  }
  std::filesystem::path root_;
  CsvTable table_;
};

TEST_F(MidiFacts, EveryWellFormedFileHasTheNotesThatMidoFound) {
  int compared = 0;
  for (const CsvRow& row : table_.rows) {
    const std::string name = cell(row, "file");
    if (kOddFiles.contains(name.substr(5))) continue;
    SCOPED_TRACE(name);
    ASSERT_FALSE(cell(row, "notes").empty());
    const MidiFile file = read_midi(root_ / name);
    const NoteList list = midi_notes(file);
    EXPECT_EQ(std::ssize(list.notes), parse_integer(cell(row, "notes")));
    EXPECT_EQ(std::ssize(file.tracks), parse_integer(cell(row, "tracks")));
    EXPECT_EQ(channels(file), parse_integer(cell(row, "channels")).value_or(0));
    if (list.notes.empty()) continue;
    EXPECT_EQ(polyphony(list.notes), parse_integer(cell(row, "max_polyphony")));
    EXPECT_NEAR(list.notes.front().onset_s, *parse_double(cell(row, "first_onset_s")), 1e-4);
    double end_s = 0;
    for (const Note& note : list.notes) end_s = std::max(end_s, note.end_s());
    EXPECT_NEAR(end_s, *parse_double(cell(row, "last_offset_s")), 1e-4);
    ++compared;
  }
  EXPECT_GE(compared, 28);
}

TEST_F(MidiFacts, EveryOtherFileGivesAnErrorOrAPartWithARepairLine) {
  std::size_t seen = 0;
  for (const CsvRow& row : table_.rows) {
    const std::string name = cell(row, "file");
    const auto odd = kOddFiles.find(name.substr(5));
    if (odd == kOddFiles.end()) continue;
    SCOPED_TRACE(name);
    ++seen;
    if (odd->second.notes < 0) {
      const std::string message = input_error([&] { read_notes(root_ / name); });
      EXPECT_TRUE(contains(message, odd->second.part)) << message;
      EXPECT_TRUE(contains(message, name)) << message;
    } else {
      const NoteList list = read_notes(root_ / name);
      EXPECT_EQ(std::ssize(list.notes), odd->second.notes);
      EXPECT_TRUE(contains(lines(list.repairs), odd->second.part)) << lines(list.repairs);
    }
  }
  EXPECT_EQ(seen, kOddFiles.size());
}

TEST_F(MidiFacts, OnlyDamagedFilesGetRepairLines) {
  // Well-formed for mido, but with a repair line.
  const std::map<std::string, std::string> told = {
      {"jazz-soft/test-2-tracks-type-0.mid", "format 0 has one track, but 2"},
      {"jazz-soft/test-running-status-metaevent.mid", "byte 234: running status continues"},
      {"music21/test16.mid", "note 67 at 0.25 s has no length"},  // a grace note
  };
  for (const CsvRow& row : table_.rows) {
    const std::string name = cell(row, "file");
    if (kOddFiles.contains(name.substr(5))) continue;
    const NoteList list = read_notes(root_ / name);
    const auto expected = told.find(name.substr(5));
    if (expected == told.end()) {
      EXPECT_TRUE(list.repairs.empty()) << name << ":\n" << lines(list.repairs);
    } else {
      ASSERT_EQ(list.repairs.size(), 1u) << name << ":\n" << lines(list.repairs);
      EXPECT_TRUE(contains(list.repairs[0], expected->second)) << list.repairs[0];
    }
  }
}

TEST_F(MidiFacts, WhatIsWrittenIsReadBackTheSame) {
  int written = 0;
  for (const CsvRow& row : table_.rows) {
    MidiFile file;
    try {
      file = read_midi(root_ / cell(row, "file"));
    } catch (const InputError&) {
      continue;
    }
    ++written;
    const MidiFile again = parse_midi(midi_bytes(file), "again");
    EXPECT_TRUE(again.repairs.empty()) << cell(row, "file") << lines(again.repairs);
    EXPECT_EQ(again.format, file.format);
    EXPECT_EQ(again.division, file.division);
    EXPECT_TRUE(again.tracks == file.tracks) << cell(row, "file");
  }
  EXPECT_EQ(written, 40);
}

TEST_F(MidiFacts, ACelloPreludeIsOneVoiceAndAChordFileBecomesOne) {
  const auto bach = root_ / "midi/opengameart_ccbysa/BWV1007Prelude.mid";
  const NoteList prelude = read_notes(bach, {.monophonic = true});
  EXPECT_EQ(prelude.notes, read_notes(bach).notes);
  EXPECT_TRUE(prelude.repairs.empty()) << lines(prelude.repairs);
  // 1 + pitch of the first notes G2 D3 B3 A3 at their middles; and every note has its steps.
  const auto indices = note_indices(prelude.notes, 3600, 62.5);
  for (std::size_t i = 0; i < 4; ++i) {
    const Note& note = prelude.notes[i];
    const auto step = static_cast<std::size_t>((note.onset_s + note.duration_s / 2) * 62.5);
    EXPECT_EQ(indices[step] - 1, std::vector<int>({43, 50, 59, 57})[i]);
  }
  const NoteList reduced = read_notes(root_ / "midi/music21/k525short.mid", {.monophonic = true});
  EXPECT_EQ(polyphony(reduced.notes), 1);
  EXPECT_TRUE(contains(lines(reduced.repairs), "one voice:"));
}

}  // namespace
