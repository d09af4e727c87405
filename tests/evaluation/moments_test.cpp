// Onsets, sustains and rests of made-up scores, and means over clips with known answers.
#include "evaluation/statistics/moments.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace minet::evaluation {
namespace {

// One letter per frame: o, s, r, b.
std::string letters(const std::vector<score::Note>& notes, const FrameGrid& grid) {
  std::string result;
  for (const Moment moment : moments_of(notes, grid)) result += name_of(moment)[0];
  return result;
}

TEST(Moments, OfOneNoteAreOnsetSustainEndAndRest) {
  // Frames every 50 ms; the note lasts from 0.3 to 0.7 s, frames 6 to 14. At its onset: 5 to 7;
  // 100 ms and more from both ends: 8 to 12; near its end: 13 to 15.
  EXPECT_EQ(letters({{.onset_s = 0.3, .duration_s = 0.4, .pitch = 60}}, {.frames = 20, .rate = 20}),
            "rrrrrooosssssbbbrrrr");
}

TEST(Moments, OfASplitGridAreThoseOfTheWhole) {
  std::vector<score::Note> notes;
  for (int i = 0; i < 20; ++i) {
    notes.push_back({.onset_s = 0.31 * i + 0.1, .duration_s = 0.11 + 0.02 * i, .pitch = 60 + i});
  }
  const std::string whole = letters(notes, {.frames = 400, .rate = 62.5});
  for (const std::int64_t first : {0, 77, 200, 399}) {
    EXPECT_EQ(letters(notes, {.frames = 400 - first,
                              .rate = 62.5,
                              .start_s = static_cast<double>(first) / 62.5}),
              whole.substr(static_cast<std::size_t>(first)));
  }
  for (const char letter : {'o', 's', 'r', 'b'}) {
    EXPECT_NE(whole.find(letter), std::string::npos) << letter;
  }
}

TEST(Moments, OfALegatoHaveNoRestAndFastNotesNoSustain) {
  std::vector<score::Note> slow, fast;
  for (int i = 0; i < 5; ++i) {
    slow.push_back({.onset_s = 1.0 * i, .duration_s = 1, .pitch = 60 + i});
    fast.push_back({.onset_s = 0.125 * i, .duration_s = 0.125, .pitch = 60 + i});
  }
  const std::string of_slow = letters(slow, {.frames = 250, .rate = 62.5});
  EXPECT_EQ(of_slow.find('r'), std::string::npos);
  EXPECT_NEAR(static_cast<double>(std::count(of_slow.begin(), of_slow.end(), 's')), 0.8 * 250, 6);
  const std::string of_fast = letters(fast, {.frames = 30, .rate = 62.5});
  EXPECT_EQ(of_fast.find('s'), std::string::npos);
  EXPECT_EQ(of_fast.find('r'), std::string::npos);
}

TEST(Moments, OfNoNotesAreAllRest) {
  EXPECT_EQ(letters({}, {.frames = 3, .rate = 62.5}), "rrr");
}

TEST(Moments, AnOnsetOverAHeldNoteIsAnOnset) {
  const std::string chord = letters(
      {{.onset_s = 0, .duration_s = 2, .pitch = 48}, {.onset_s = 1, .duration_s = 1, .pitch = 60}},
      {.frames = 40, .rate = 20});
  EXPECT_EQ(chord.substr(18, 5), "sooos");  // from 0.9 to 1.1 s
}

TEST(ClipMean, OfEqualClipsIsTheMeanAndItsStandardError) {
  ClipMean mean;
  for (const double value : {1.0, 2.0, 4.0, 9.0}) mean.add(value * 10, 10);
  EXPECT_DOUBLE_EQ(mean.value(), 4);
  // Deviations -3, -2, 0, 5: variance 38 / 3, of a mean of four.
  EXPECT_NEAR(mean.standard_error(), std::sqrt(38.0 / 3 / 4), 1e-12);
  EXPECT_EQ(mean.frames(), 40);
  EXPECT_EQ(mean.clips(), 4);
}

TEST(ClipMean, WeighsFramesAndPassesOverClipsWithout) {
  ClipMean mean;
  mean.add(30, 10);
  mean.add(0, 0);
  EXPECT_EQ(mean.standard_error(), 0) << "one clip gives no estimate of the spread";
  mean.add(0, 20);
  EXPECT_DOUBLE_EQ(mean.value(), 1);
  EXPECT_EQ(mean.clips(), 2);
  // Residuals 30 - 10 and 0 - 20, twice over for two clips.
  EXPECT_NEAR(mean.standard_error(), std::sqrt(2.0 * (400 + 400)) / 30, 1e-12);
  EXPECT_EQ(ClipMean().value(), 0);
}

}  // namespace
}  // namespace minet::evaluation
