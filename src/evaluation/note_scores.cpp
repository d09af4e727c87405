#include "evaluation/note_scores.hpp"

#include <algorithm>
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
constexpr double kRingsS = 0.4, kBeforeS = 0.1;  // margins around a note that count as no rest
constexpr double kQuietDb = 20;

double cents_off(double hz, int pitch) {
  return 1200 * std::log2(hz / score::hz_of_pitch(pitch));
}

// Levels of the samples around each frame of a pitch track.
std::vector<double> levels_of(const audio::Sound& sound, const audio::PitchTrack& pitch) {
  const double rate = sound.sample_rate;
  const auto at = [&](double s) {
    return static_cast<std::size_t>(
        std::clamp(s * rate, 0.0, static_cast<double>(sound.samples.size())));
  };
  std::vector<double> levels;
  for (std::size_t t = 0; t < pitch.hz.size(); ++t) {
    const double time = static_cast<double>(t) * pitch.hop_s;
    const std::size_t first = at(time - pitch.hop_s), end = at(time + pitch.hop_s);
    double sum = 1e-12;
    for (std::size_t i = first; i < end; ++i) {
      sum += static_cast<double>(sound.samples[i]) * sound.samples[i];
    }
    levels.push_back(10 *
                     std::log10(sum / static_cast<double>(std::max<std::size_t>(1, end - first))));
  }
  return levels;
}

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
              .chroma = audio::chroma(sound),
              .level_db = {}};
  heard.level_db = levels_of(sound, heard.pitch);
  heard.onsets_s = audio::find_onsets(sound, heard.pitch);
  return heard;
}

std::int64_t matched_onsets(std::span<const double> a, std::span<const double> b, double window) {
  // In one dimension taking the earliest matching pair is optimal, so this is a maximum matching.
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
  const double off = cents_off(hz, pitch);
  if (std::abs(off) <= kCents) ++right;
  if (std::abs(off - 1200 * std::round(off / 1200)) <= kCents) ++right_class;
}

void PitchCount::add(const PitchCount& other) {
  frames += other.frames;
  voiced += other.voiced;
  right += other.right;
  right_class += other.right_class;
}

double PitchCount::accuracy() const {
  return share(static_cast<double>(right), static_cast<double>(voiced));
}

double PitchCount::recall() const {
  return share(static_cast<double>(right), static_cast<double>(frames));
}

double PitchCount::class_recall() const {
  return share(static_cast<double>(right_class), static_cast<double>(frames));
}

void NoteScores::add(const Heard& heard, std::span<const score::Note> notes) {
  add_frames(heard, notes);
  add_rests(heard, notes);
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
  jitter_frames += other.jitter_frames;
  jitter_sum += other.jitter_sum;
  rest_frames += other.rest_frames;
  played_rests += other.played_rests;
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
    if (since > kMarginS + heard.pitch.hop_s) add_jitter(heard, t, latest->pitch);
    (since < kNearOnsetS ? near_onsets : later).add(hz, latest->pitch);
    octaves.at(static_cast<std::size_t>(latest->pitch) / 12).add(hz, latest->pitch);
  }
}

void NoteScores::add_jitter(const Heard& heard, std::size_t t, int pitch) {
  if (t == 0 || heard.pitch.hz[t] <= 0 || heard.pitch.hz[t - 1] <= 0) return;
  const double now = cents_off(heard.pitch.hz[t], pitch);
  const double before = cents_off(heard.pitch.hz[t - 1], pitch);
  if (std::max(std::abs(now), std::abs(before)) > kCents) return;
  ++jitter_frames;
  jitter_sum += std::abs(now - before);
}

void NoteScores::add_rests(const Heard& heard, std::span<const score::Note> notes) {
  std::vector<double> sounding, resting;
  for (std::size_t t = 0; t < heard.level_db.size(); ++t) {
    const double time = static_cast<double>(t) * heard.pitch.hop_s;
    bool sounds = false, near = false;
    for (const score::Note& note : notes) {
      sounds = sounds || (time >= note.onset_s && time < note.end_s());
      near = near || (time > note.onset_s - kBeforeS && time < note.end_s() + kRingsS);
    }
    if (sounds) sounding.push_back(heard.level_db[t]);
    if (!near) resting.push_back(heard.level_db[t]);
  }
  if (sounding.empty()) return;
  const auto loud = sounding.begin() + static_cast<std::ptrdiff_t>(sounding.size() * 4 / 5);
  std::nth_element(sounding.begin(), loud, sounding.end());
  rest_frames += static_cast<std::int64_t>(resting.size());
  played_rests += std::count_if(resting.begin(), resting.end(),
                                [&](double level) { return level > *loud - kQuietDb; });
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

double NoteScores::jitter_cents() const {
  return share(jitter_sum, static_cast<double>(jitter_frames));
}

double NoteScores::rests_played() const {
  return share(static_cast<double>(played_rests), static_cast<double>(rest_frames));
}

}  // namespace minet::evaluation
