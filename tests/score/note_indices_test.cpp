// One note symbol per step: the rule at the grid points, and notes between them.
#include "minet/score/note_indices.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "minet/core/random.hpp"
#include "score/midi_bytes_builder.hpp"

using namespace minet;
using namespace minet::score;
using namespace minet::score::test;

namespace {

using Indices = std::vector<std::int64_t>;

TEST(NoteIndices, ANoteCoversItsOnsetAndNotItsEnd) {
  const std::vector<Note> notes = {{0.2, 0.2, 60}, {0.5, 0.1, 0}, {0.65, 0.2, 127}};
  EXPECT_EQ(note_indices(notes, 10, 10), Indices({0, 0, 61, 61, 0, 1, 0, 128, 128, 0}));
  EXPECT_EQ(note_indices({}, 3, 62.5), Indices({0, 0, 0}));
  EXPECT_TRUE(note_indices(notes, 0, 62.5).empty());
}

TEST(NoteIndices, RoundingOfTimesDoesNotMoveANote) {
  // Onsets k / 62.5 written as decimals, and windows that start anywhere on the grid.
  for (int k = 0; k < 5000; ++k) {
    const double onset = 0.016 * k;
    const std::vector<Note> notes = {{onset, 0.032, 60}};
    for (const int window : {0, k / 2, k}) {
      const auto indices = note_indices(notes, k - window + 4, 62.5, window / 62.5);
      const auto at = static_cast<std::size_t>(k - window);
      EXPECT_EQ(indices[at], 61) << k;
      EXPECT_EQ(indices[at + 1], 61) << k;
      EXPECT_EQ(indices[at + 2], 0) << k;
      if (at > 0) {
        EXPECT_EQ(indices[at - 1], 0) << k;
      }
    }
  }
}

TEST(NoteIndices, TheLatestOnsetWinsAndTheLongerNoteComesBack) {
  const std::vector<Note> notes = {{0, 0.8, 40}, {0.2, 0.2, 50}, {0.6, 0.1, 45}, {0.6, 0.1, 44}};
  EXPECT_EQ(note_indices(notes, 9, 10), Indices({41, 41, 51, 51, 41, 41, 46, 41, 0}));
}

TEST(NoteIndices, TheOrderOfTheNotesDoesNotMatter) {
  const std::vector<Note> notes = {{0.6, 0.1, 45}, {0.2, 0.2, 50}, {0.6, 0.1, 44}, {0, 0.8, 40}};
  EXPECT_EQ(note_indices(notes, 9, 10), Indices({41, 41, 51, 51, 41, 41, 46, 41, 0}));
}

TEST(NoteIndices, AShortNoteTakesTheNearerFreeStep) {
  EXPECT_EQ(note_indices(std::vector<Note>{{0.21, 0.02, 60}}, 5, 10), Indices({0, 0, 61, 0, 0}));
  EXPECT_EQ(note_indices(std::vector<Note>{{0.26, 0.02, 60}}, 5, 10), Indices({0, 0, 0, 61, 0}));
  // The nearer step is occupied, so it takes the other one.
  EXPECT_EQ(note_indices(std::vector<Note>{{0.2, 0.01, 50}, {0.22, 0.02, 60}}, 5, 10),
            Indices({0, 0, 51, 61, 0}));
}

TEST(NoteIndices, AShortNoteTakesAStepFromALongNoteWhereNoneIsFree) {
  EXPECT_EQ(note_indices(std::vector<Note>{{0, 0.5, 50}, {0.22, 0.02, 60}}, 5, 10),
            Indices({51, 51, 61, 51, 51}));
  // Both neighbours have one step each: no note is erased for another.
  EXPECT_EQ(
      note_indices(std::vector<Note>{{0.2, 0.01, 50}, {0.22, 0.02, 60}, {0.3, 0.1, 70}}, 5, 10),
      Indices({0, 0, 51, 71, 0}));
}

TEST(NoteIndices, NoNoteOfAFastMelodyVanishes) {
  Random random(derive_seed(3, "short notes"));
  for (int round = 0; round < 200; ++round) {
    std::vector<Note> notes;
    double at = 0.1;
    for (int i = 0; i < 100; ++i) {
      const double length = random.uniform(0.0005, 0.02);  // most are shorter than a step
      notes.push_back({at, length, i});
      at += length + random.uniform(0.016, 0.05);
    }
    const auto indices = note_indices(notes, 400, 62.5);
    const std::set<std::int64_t> seen(indices.begin(), indices.end());
    EXPECT_EQ(seen.size(), 101u) << "round " << round;
    EXPECT_EQ(*seen.rbegin(), 100);
  }
}

TEST(NoteIndices, WindowsAgreeWithTheSlicesOfTheWhole) {
  Random random(derive_seed(4, "windows"));
  std::vector<Note> notes;
  for (int i = 0; i < 3000; ++i) {
    const double length = random.below(2) ? random.uniform(0.0005, 0.015) : random.uniform(0.01, 3);
    notes.push_back({random.uniform(0, 60), length, static_cast<int>(random.below(128))});
  }
  const std::int64_t all = 3750;
  const auto whole = note_indices(notes, all, 62.5);
  for (std::int64_t start = 0; start + 250 <= all; start += 37) {
    const auto window = note_indices(notes, 250, 62.5, static_cast<double>(start) / 62.5);
    EXPECT_TRUE(std::equal(window.begin(), window.end(), whole.begin() + start)) << start;
  }
}

TEST(NoteIndices, AgreesWithAWalkOverTheGrid) {
  // The rule written out for each step; notes are long enough to contain a grid point.
  Random random(derive_seed(5, "walk"));
  for (int round = 0; round < 50; ++round) {
    std::vector<Note> notes;
    for (int i = 0; i < 40; ++i) {
      notes.push_back(
          {random.uniform(-1, 9), random.uniform(0.1, 2), static_cast<int>(random.below(128))});
    }
    const double start_s = random.uniform(-2, 2);
    Indices expected(600, 0);
    for (std::size_t step = 0; step < expected.size(); ++step) {
      const double t = start_s + static_cast<double>(step) / 62.5;
      double latest = -1e9;
      for (const Note& note : notes) {
        if (note.onset_s <= t && t < note.end_s() && note.onset_s > latest) {
          latest = note.onset_s;
          expected[step] = 1 + note.pitch;
        }
      }
    }
    EXPECT_EQ(note_indices(notes, 600, 62.5, start_s), expected) << round;
  }
}

TEST(NoteIndices, PilesOfLongNotesCostLittle) {
  std::vector<Note> notes;
  for (int i = 0; i < 200000; ++i) notes.push_back({i * 0.01, 14000.0 - i * 0.01, i % 128});
  const auto indices = note_indices(notes, 900000, 62.5);
  EXPECT_EQ(indices.back(), 0);
  EXPECT_EQ(indices[800000], 1 + 199999 % 128);
}

TEST(NoteIndices, RefusesBadCalls) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double huge = std::numeric_limits<double>::max();
  const std::vector<Note> good = {{0, 1, 60}};
  const auto refused = [](const std::vector<Note>& notes, std::int64_t steps, double rate,
                          double start) {
    return input_error([&] { note_indices(notes, steps, rate, start); });
  };
  EXPECT_TRUE(contains(refused(good, -1, 62.5, 0), "got -1 steps"));
  EXPECT_TRUE(contains(refused(good, 1ll << 60, 62.5, 0), "steps"));
  EXPECT_TRUE(contains(refused(good, 1, 0, 0), "a rate above 0"));
  EXPECT_TRUE(contains(refused(good, 1, nan, 0), "a rate above 0"));
  EXPECT_TRUE(contains(refused(good, 1, 1, nan), "finite start"));
  EXPECT_TRUE(contains(refused({{0, 1, 128}}, 1, 1, 0), "pitch 128"));
  EXPECT_TRUE(contains(refused({{nan, 1, 60}}, 1, 1, 0), "finite times"));
  EXPECT_EQ(note_indices(std::vector<Note>{{-huge, huge, 60}, {huge, huge, 60}, {-huge, 1, 60}}, 3,
                         62.5, 0),
            Indices({0, 0, 0}));
}

}  // namespace
