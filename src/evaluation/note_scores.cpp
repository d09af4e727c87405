#include "evaluation/note_scores.hpp"

#include <array>
#include <cmath>

#include "minet/audio/onsets.hpp"
#include "minet/score/notes.hpp"

namespace minet::evaluation {
namespace {

constexpr double kMarginS = 0.05;
constexpr double kCents = 50;
constexpr double kOnsetWindowS = 0.05;
constexpr double kNearOnsetS = 0.15;

double share(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}

double distance(const audio::Chroma& heard, const std::array<double, 12>& notes) {
  double product = 0, of_heard = 0, of_notes = 0;
  for (std::size_t i = 0; i < notes.size(); ++i) {
    product += heard[i] * notes[i];
    of_heard += static_cast<double>(heard[i]) * heard[i];
    of_notes += notes[i] * notes[i];
  }
  return of_heard > 0 && of_notes > 0 ? 1 - product / std::sqrt(of_heard * of_notes) : 1;
}

}  // namespace

Heard hear(const audio::Sound& sound) {
  Heard heard{.seconds = sound.seconds(),
              .pitch = audio::track_pitch(sound),
              .onsets_s = {},
              .chroma = audio::chroma(sound)};
  heard.onsets_s = audio::find_onsets(sound, heard.pitch);
  return heard;
}

std::int64_t matched_onsets(std::span<const double> a, std::span<const double> b, double window) {
  // On a line the earliest pair that fits is never wrong, so that this is a largest matching.
  std::int64_t matched = 0;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (std::abs(a[i] - b[j]) <= window) {
      ++matched, ++i, ++j;
    } else if (a[i] < b[j]) {
      ++i;
    } else {
      ++j;
    }
  }
  return matched;
}

void PitchCount::add(double hz, int pitch) {
  ++frames;
  if (hz <= 0) return;
  ++voiced;
  if (std::abs(1200 * std::log2(hz / score::hz_of_pitch(pitch))) <= kCents) ++right;
}

void PitchCount::add(const PitchCount& other) {
  frames += other.frames;
  voiced += other.voiced;
  right += other.right;
}

double PitchCount::accuracy() const {
  return share(static_cast<double>(right), static_cast<double>(voiced));
}

double PitchCount::recall() const {
  return share(static_cast<double>(right), static_cast<double>(frames));
}

void NoteScores::add(const Heard& heard, std::span<const score::Note> notes) {
  add_frames(heard, notes);
  add_onsets(heard, notes);
}

void NoteScores::add(const NoteScores& other) {
  pitch.add(other.pitch);
  near_onsets.add(other.near_onsets);
  later.add(other.later);
  for (std::size_t octave = 0; octave < kOctaves; ++octave) {
    octaves[octave].add(other.octaves[octave]);
  }
  onsets += other.onsets;
  heard_onsets += other.heard_onsets;
  matched += other.matched;
  chroma_frames += other.chroma_frames;
  chroma_sum += other.chroma_sum;
}

void NoteScores::add_frames(const Heard& heard, std::span<const score::Note> notes) {
  for (std::size_t t = 0; t < heard.pitch.hz.size(); ++t) {
    const double time = static_cast<double>(t) * heard.pitch.hop_s;
    std::array<double, 12> classes{};
    int sounding = 0;
    const score::Note* latest = nullptr;
    for (const score::Note& note : notes) {
      if (time < note.onset_s || time >= note.end_s()) continue;
      ++sounding;
      latest = &note;
      classes[static_cast<std::size_t>(note.pitch % 12)] = 1;
    }
    if (sounding == 0) continue;
    ++chroma_frames;
    chroma_sum += distance(heard.chroma[t], classes);
    const double since = time - latest->onset_s;
    if (sounding > 1 || since <= kMarginS || time >= latest->end_s() - kMarginS) continue;
    const double hz = heard.pitch.hz[t];
    pitch.add(hz, latest->pitch);
    (since < kNearOnsetS ? near_onsets : later).add(hz, latest->pitch);
    octaves.at(static_cast<std::size_t>(latest->pitch) / 12).add(hz, latest->pitch);
  }
}

void NoteScores::add_onsets(const Heard& heard, std::span<const score::Note> notes) {
  const auto within = [&](double onset) {
    return onset >= kMarginS && onset <= heard.seconds - kMarginS;
  };
  std::vector<double> given, found;
  for (const score::Note& note : notes) {
    // The notes of a chord are one onset.
    if (within(note.onset_s) && (given.empty() || note.onset_s > given.back())) {
      given.push_back(note.onset_s);
    }
  }
  for (const double onset : heard.onsets_s) {
    if (within(onset)) found.push_back(onset);
  }
  onsets += static_cast<std::int64_t>(given.size());
  heard_onsets += static_cast<std::int64_t>(found.size());
  matched += matched_onsets(given, found, kOnsetWindowS);
}

double NoteScores::onset_f1() const {
  return share(2 * static_cast<double>(matched), static_cast<double>(onsets + heard_onsets));
}

double NoteScores::chroma_distance() const {
  return chroma_frames > 0 ? chroma_sum / static_cast<double>(chroma_frames) : 1;
}

}  // namespace minet::evaluation
