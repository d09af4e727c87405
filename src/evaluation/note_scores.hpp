// How well a sound plays given notes. Definitions, all over frames or onsets of one clip and summed
// over clips:
//
// pitch_accuracy   of the frames inside exactly one note (50 ms from its ends) that have a pitch
//                  (audio/pitch.hpp, 30 to 2100 Hz): the share within 50 cents of the note
// pitch_recall     the same over all such frames: one without a pitch counts as wrong
// pitch_class_recall  the same, regardless of octave
// jitter_cents     mean change of pitch from one frame to the next, if both are within 50 cents
//                  of the note
// rests_played     of the frames in no note (from 0.4 s after one's end to 0.1 s before the next):
//                  the share whose level is within 20 dB of the clip's frames inside notes (their
//                  80th percentile). Rooms and ringing strings keep it above 0 for real sound too
// onset_f1         F1 of onsets (audio/onsets.hpp) matched one to one within 50 ms, as mir_eval's
//                  onset.f_measure; onsets within 50 ms of the clip's ends are left out
// chroma_distance  over the frames inside notes: the mean of 1 - cos(chroma, notes), where notes is
//                  1 for the pitch class of every sounding note and 0 elsewhere; 1 for a frame
//                  without peaks. Overtones keep it above 0 for real sound too
//
// The pitch metrics are also given by octave of the requested note, and separately for frames near
// an onset (less than 150 ms after it) and later ones.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "minet/audio/chroma.hpp"
#include "minet/audio/pitch.hpp"
#include "minet/audio/sound.hpp"
#include "minet/score/note.hpp"

namespace minet::evaluation {

// What is found in a clip's sound, to be compared with any notes.
struct Heard {
  double seconds = 0;
  audio::PitchTrack pitch;
  std::vector<double> onsets_s;
  std::vector<audio::Chroma> chroma;  // at the pitch track's frames
  std::vector<double> level_db;       // likewise
};
Heard hear(const audio::Sound& sound);

// The largest number of onsets that can be paired within `window` seconds. Both are ascending.
std::int64_t matched_onsets(std::span<const double> a, std::span<const double> b, double window);

struct PitchCount {
  std::int64_t frames = 0, voiced = 0, right = 0, right_class = 0;

  void add(double hz, int pitch);  // hz 0: no pitch
  void add(const PitchCount& other);
  double accuracy() const;  // 0 if nothing has a pitch
  double recall() const;
  double class_recall() const;
};

inline constexpr std::size_t kOctaves = 11;  // MIDI numbers 0 to 127; number 5 begins at middle C

struct NoteScores {
  PitchCount pitch, near_onsets, later;
  std::array<PitchCount, kOctaves> octaves = {};
  std::int64_t onsets = 0, heard_onsets = 0, matched = 0;
  std::int64_t chroma_frames = 0;
  double chroma_sum = 0;
  std::int64_t jitter_frames = 0;
  double jitter_sum = 0;  // cents
  std::int64_t rest_frames = 0, played_rests = 0;

  void add(const Heard& heard, std::span<const score::Note> notes);  // times from the clip's start
  void add(const NoteScores& other);
  double onset_f1() const;
  double chroma_distance() const;  // 1 if there are no notes
  double jitter_cents() const;     // 0 if there is none
  double rests_played() const;     // 0 if there are no rests

 private:
  void add_frames(const Heard& heard, std::span<const score::Note> notes);
  void add_jitter(const Heard& heard, std::size_t t, int pitch);
  void add_rests(const Heard& heard, std::span<const score::Note> notes);
  void add_onsets(const Heard& heard, std::span<const score::Note> notes);
};

}  // namespace minet::evaluation
