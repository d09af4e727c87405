// Scores of notes: exact cases, against mir_eval (make_onset_golden.py) and NumPy (make_golden.py),
// and plausibility: sound that plays the notes scores well, and sound that does not scores worse.
#include "evaluation/note_scores.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <numbers>
#include <set>
#include <vector>

#include "evaluation/support.hpp"
#include "minet/core/random.hpp"
#include "minet/score/notes.hpp"

namespace minet::evaluation {
namespace {

// The integers of make_onset_golden.py.
std::vector<double> onsets(std::uint32_t state, int count) {
  std::set<std::uint32_t> found;
  for (int i = 0; i < count; ++i) {
    state = 1664525U * state + 1013904223U;
    found.insert((state >> 16) % 4096);
  }
  std::vector<double> result;
  for (const std::uint32_t step : found) result.push_back(step / 1024.0);
  return result;
}

TEST(NoteScores, MatchesAsManyOnsetsAsMirEval) {
  const std::vector<std::int64_t> golden{3, 11, 18, 25, 30, 39, 49, 57};
  for (std::uint32_t i = 0; i < golden.size(); ++i) {
    const int n = static_cast<int>(i);
    EXPECT_EQ(matched_onsets(onsets(2 * i + 1, 10 + 12 * n), onsets(2 * i + 2, 14 + 10 * n), 0.05),
              golden[i]);
  }
}

TEST(NoteScores, PitchAccuracyIsNumPysOfTheSameTrackAndNotes) {
  const nlohmann::json golden = golden_figures("sound.json");
  const at::Tensor hz = golden_array("pitch_hz.npy");
  Heard heard;
  heard.pitch.hop_s = golden["hop_s"];
  heard.pitch.hz.assign(hz.const_data_ptr<float>(), hz.const_data_ptr<float>() + hz.numel());
  heard.seconds = heard.pitch.hop_s * static_cast<double>(hz.numel());
  heard.chroma.resize(heard.pitch.hz.size());
  std::vector<score::Note> notes;
  for (const nlohmann::json& note : golden["notes"]) {
    notes.push_back({.onset_s = note["onset_s"],
                     .duration_s = note["duration_s"],
                     .pitch = note["pitch"].get<int>()});
  }
  NoteScores scores;
  scores.add(heard, notes);
  EXPECT_EQ(scores.pitch.frames, golden["frames"]);
  // The track is made so that half a point (of 332 frames with a pitch) would show.
  EXPECT_DOUBLE_EQ(scores.pitch.accuracy(), golden["pitch_accuracy"]);
  EXPECT_DOUBLE_EQ(scores.pitch.recall(), golden["pitch_recall"]);
}

TEST(NoteScores, CountsAsWritten) {
  Heard heard{
      .seconds = 1, .pitch = {}, .onsets_s = {0.21, 0.5, 0.99}, .chroma = {}, .level_db = {}};
  heard.pitch.hop_s = 0.1;
  heard.pitch.hz = {0, 440, 440, 466.2F, 0, 452, 440, 0, 0, 0};
  heard.chroma.assign(10, audio::Chroma{});
  for (audio::Chroma& frame : heard.chroma) frame[9] = 1;
  // Frames 1 to 6 lie inside, 50 ms from the ends: 440, 440, 466, none, 452 (47 cents), 440.
  const std::vector<score::Note> notes{{.onset_s = 0.04, .duration_s = 0.62, .pitch = 69},
                                       {.onset_s = 0.7, .duration_s = 0.2, .pitch = 60}};
  NoteScores scores;
  scores.add(heard, notes);
  EXPECT_EQ(scores.pitch.frames, 7);  // and frame 8 of the second note
  EXPECT_EQ(scores.pitch.voiced, 5);
  EXPECT_EQ(scores.pitch.right, 4);
  EXPECT_DOUBLE_EQ(scores.pitch.accuracy(), 0.8);
  EXPECT_DOUBLE_EQ(scores.pitch.recall(), 4.0 / 7);
  // Frames 1 and 8 lie 60 and 100 ms after their onsets.
  EXPECT_EQ(scores.near_onsets.frames, 2);
  EXPECT_EQ(scores.near_onsets.right, 1);
  EXPECT_EQ(scores.later.frames, 5);
  EXPECT_EQ(scores.octaves[5].frames, 7);
  EXPECT_EQ(scores.octaves[4].frames, 0);
  EXPECT_EQ(scores.onsets, 1);  // the first is too near the start
  EXPECT_EQ(scores.heard_onsets, 2);
  EXPECT_EQ(scores.matched, 0);
  EXPECT_EQ(scores.chroma_frames, 8);
  EXPECT_DOUBLE_EQ(scores.chroma_distance(), 2.0 / 8);
}

TEST(NoteScores, CountOctavesJitterAndRestsAsWritten) {
  Heard heard{.seconds = 2, .pitch = {}, .onsets_s = {}, .chroma = {}, .level_db = {}};
  heard.pitch.hop_s = 0.1;
  heard.pitch.hz.assign(20, 0);
  heard.chroma.resize(20);
  // Frames 1 to 5 of the note: an octave high, right, 10 cents sharp, right, a fifth off.
  const auto cents = [](double c) { return static_cast<float>(440 * std::exp2(c / 1200)); };
  const std::vector<float> hz{cents(1200), cents(0), cents(10), cents(0), cents(700)};
  std::copy(hz.begin(), hz.end(), heard.pitch.hz.begin() + 1);
  // A rest from 1.1 to 1.7: of frames 11 to 16, two are 15 dB below the note and four 30 dB.
  heard.level_db.assign(20, -10);
  for (std::size_t t = 11; t < 17; ++t) heard.level_db[t] = t < 13 ? -25 : -40;
  NoteScores scores;
  scores.add(heard, std::vector<score::Note>{{.onset_s = 0.01, .duration_s = 0.65, .pitch = 69},
                                             {.onset_s = 1.79, .duration_s = 0.2, .pitch = 69}});
  EXPECT_EQ(scores.pitch.right, 3);
  EXPECT_EQ(scores.pitch.right_class, 4);
  EXPECT_EQ(scores.jitter_frames, 2);
  EXPECT_NEAR(scores.jitter_cents(), 10, 1e-3);
  EXPECT_EQ(scores.rest_frames, 6);
  EXPECT_DOUBLE_EQ(scores.rests_played(), 2.0 / 6);
  NoteScores twice = scores;
  twice.add(scores);
  EXPECT_DOUBLE_EQ(twice.rests_played(), scores.rests_played());
  EXPECT_DOUBLE_EQ(twice.jitter_cents(), scores.jitter_cents());
}

const std::vector<int> kTune{57, 64, 60, 69, 62, 55, 67, 59};

std::vector<score::Note> tune(int shift) {
  std::vector<score::Note> notes;
  for (std::size_t i = 0; i < kTune.size(); ++i) {
    notes.push_back({.onset_s = 0.1 + 0.45 * static_cast<double>(i),
                     .duration_s = 0.42,
                     .pitch = kTune[i] + shift});
  }
  return notes;
}

NoteScores scores_of(const audio::Sound& sound, const std::vector<score::Note>& notes) {
  NoteScores scores;
  scores.add(hear(sound), notes);
  return scores;
}

audio::Sound play(const std::vector<score::Note>& notes) {
  audio::Sound sound{.sample_rate = 16000, .samples = std::vector<float>(64000)};
  for (const score::Note& note : notes) {
    const double hz = score::hz_of_pitch(note.pitch);
    const auto first = static_cast<std::size_t>(note.onset_s * 16000);
    const auto count = static_cast<std::size_t>(note.duration_s * 16000);
    for (std::size_t i = 0; i < count; ++i) {
      const double t = static_cast<double>(i) / 16000;
      double value = 0;
      for (int k = 1; k <= 4; ++k) value += std::sin(2 * std::numbers::pi * hz * k * t) / (k * k);
      const double level = std::min({1.0, t / 0.01, (note.duration_s - t) / 0.02});
      sound.samples[first + i] = static_cast<float>(0.3 * level * value);
    }
  }
  return sound;
}

TEST(NoteScores, OfASoundThatPlaysTheNotesAreNearlyPerfect) {
  const NoteScores scores = scores_of(play(tune(0)), tune(0));
  EXPECT_GT(scores.pitch.accuracy(), 0.99);
  EXPECT_GT(scores.pitch.recall(), 0.99);
  EXPECT_GT(scores.onset_f1(), 0.9);
  EXPECT_LT(scores.chroma_distance(), 0.1);
}

TEST(NoteScores, OfAnotherOctaveLoseThePitchAndKeepTheChroma) {
  const NoteScores scores = scores_of(play(tune(12)), tune(0));
  EXPECT_LT(scores.pitch.accuracy(), 0.01);
  EXPECT_GT(scores.pitch.class_recall(), 0.98);
  EXPECT_GT(scores.onset_f1(), 0.9);
  EXPECT_LT(scores.chroma_distance(), 0.1);
}

TEST(NoteScores, OfWrongNotesLosePitchAndChroma) {
  const NoteScores scores = scores_of(play(tune(3)), tune(0));
  EXPECT_LT(scores.pitch.accuracy(), 0.01);
  EXPECT_GT(scores.chroma_distance(), 0.8);
}

TEST(NoteScores, OfNoiseAndOfSilenceAreBad) {
  audio::Sound sound{.sample_rate = 16000, .samples = std::vector<float>(64000)};
  const NoteScores silent = scores_of(sound, tune(0));
  EXPECT_EQ(silent.pitch.recall(), 0);
  EXPECT_EQ(silent.onset_f1(), 0);
  EXPECT_EQ(silent.chroma_distance(), 1);
  Random random(1);
  for (float& sample : sound.samples) sample = static_cast<float>(0.1 * random.normal());
  const NoteScores noisy = scores_of(sound, tune(0));
  EXPECT_LT(noisy.pitch.recall(), 0.05);
  EXPECT_LT(noisy.onset_f1(), 0.4);
  EXPECT_GT(noisy.chroma_distance(), 0.5);
}

}  // namespace
}  // namespace minet::evaluation
