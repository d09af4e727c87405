// Damaged bytes: 10,000 seeded mutations of small files give notes or an InputError, in bounded
// time, and never anything else. tests/fuzz/score.cpp does the same without end.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

#include "minet/core/random.hpp"
#include "minet/score/midi.hpp"
#include "minet/score/note_indices.hpp"
#include "minet/score/notes.hpp"
#include "score/midi_bytes_builder.hpp"

using namespace minet;
using namespace minet::score;
using namespace minet::score::test;

namespace {

std::string mutate(std::string content, Random& random) {
  const auto position = [&] { return static_cast<std::size_t>(random.below(content.size())); };
  for (std::uint64_t edits = 1 + random.below(4); edits > 0 && !content.empty(); --edits) {
    const std::size_t at = position();
    switch (random.below(7)) {
      case 0:
        content[at] = static_cast<char>(content[at] ^ (1 << random.below(8)));
        break;
      case 1:
        content[at] = static_cast<char>(random.next());
        break;
      case 2:
        content[at] = static_cast<char>(0xFF);
        break;
      case 3:
        content.resize(at);
        break;
      case 4:
        content.erase(at, 1 + random.below(8));
        break;
      case 5:
        content.insert(at, content.substr(position(), 1 + random.below(16)));
        break;
      default:
        content.insert(at, 1 + random.below(4), static_cast<char>(random.next()));
        break;
    }
  }
  return content;
}

// What must hold for any list of notes, however damaged the file.
void expect_sound(const NoteList& list) {
  for (std::size_t i = 0; i < list.notes.size(); ++i) {
    const Note& note = list.notes[i];
    ASSERT_TRUE(note.onset_s >= 0 && note.duration_s > 0 && note.end_s() <= kMaxScoreSeconds + 1);
    ASSERT_TRUE(note.pitch >= 0 && note.pitch < 128 && note.velocity > 0 && note.velocity < 128);
    ASSERT_TRUE(i == 0 || list.notes[i - 1].onset_s <= note.onset_s);
  }
  EXPECT_LE(list.repairs.size(), 20u);
}

TEST(ScoreMutations, GiveNotesOrAnInputErrorInBoundedTime) {
  const std::string tempo = bytes({0, 0xFF, 0x51, 3, 0x07, 0xA1, 0x20});
  const std::string running =
      bytes({0, 0x90, 60, 64, 0x60, 60, 0, 0, 0xFF, 1, 2, 'h', 'i', 0, 62, 64, 0x60, 62, 0});
  const std::string mixed =
      bytes({0, 0xC1, 5, 0, 0xF0, 3, 1, 2, 0xF7, 0, 0xE0, 0, 64, 0x81, 0x00, 0x99, 36, 1});
  const std::string small = header(0, 1, 96) + track(tempo + running);
  std::vector<std::string> seeds = {
      small,
      header(1, 3, 480) + track(tempo) + track(running) + chunk("Junk", "abc") + track(mixed),
      header(2, 2, 96) + track(tempo + running) + track(mixed),
      header(0, 1, 0xE728) + track(kTwoNotes + mixed),
      "RIFF" + bytes({0, 0, 0, 0}) + "RMIDdata" + bytes({static_cast<int>(small.size()), 0, 0, 0}) +
          small,
      "0.5\t440.0\t0.25\n1.0 220.5 0.5 extra\n\n2e0 880 1\n",
      "onset_s,duration_s,pitch,\"a name\"\n0.5,0.25,60,x\n1,1,61,\"y,\"\"z\"\n",
  };
  Random random(derive_seed(20240607, "score mutations"));
  int accepted = 0, refused = 0;
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 10000; ++i) {
    const std::string content = mutate(seeds[static_cast<std::size_t>(i) % seeds.size()], random);
    SCOPED_TRACE(i);
    try {
      const NoteList list = parse_notes(content, "mutated", {.monophonic = random.below(2) == 0});
      expect_sound(list);
      EXPECT_EQ(std::ssize(note_indices(list.notes, 250, 62.5, 0)), 250);
      ++accepted;
    } catch (const InputError& error) {
      EXPECT_TRUE(contains(error.what(), "mutated") || contains(error.what(), "MIDI format 2"))
          << error.what();
      ++refused;
    }
    if (HasFatalFailure()) return;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  EXPECT_LT(took.count(), 60) << "10,000 files of some 100 bytes";
  // Both must happen, or the mutations test nothing.
  EXPECT_GT(accepted, 2000);
  EXPECT_GT(refused, 1000);
}

TEST(ScoreMutations, OfMidiFilesAreWrittenAndReadBackTheSame) {
  const std::string seed = header(1, 2, 96) + track(kTwoNotes + bytes({0, 0xF0, 2, 1, 0xF7})) +
                           track(bytes({0, 0xFF, 0x51, 3, 7, 0xA1, 0x20, 0x10, 0xB1, 7, 100}));
  Random random(derive_seed(7, "written mutations"));
  int written = 0;
  for (int i = 0; i < 3000; ++i) {
    MidiFile file;
    try {
      file = parse_midi(mutate(seed, random), "mutated");
    } catch (const InputError&) {
      continue;
    }
    const MidiFile again = parse_midi(midi_bytes(file), "again");
    ++written;
    ASSERT_TRUE(again.repairs.empty()) << i << lines(again.repairs);
    ASSERT_TRUE(again.format == file.format && again.division == file.division &&
                again.tracks == file.tracks)
        << i;
  }
  EXPECT_GT(written, 1000);
}

}  // namespace
