#include "clips/control_tokens.hpp"

#include <algorithm>
#include <cmath>

#include "minet/models/plus.hpp"
#include "minet/score/note_indices.hpp"

namespace minet::clips {
namespace {

// The symbol of frames 2 t - 1 to 2 t + 1: two of them must be voiced.
std::int64_t symbol_at(const std::vector<float>& hz, std::int64_t token) {
  std::vector<double> midi;
  std::int64_t seen = 0;
  for (std::int64_t t = 2 * token - 1; t <= 2 * token + 1; ++t) {
    if (t < 0 || t >= static_cast<std::int64_t>(hz.size())) continue;
    ++seen;
    const float value = hz[static_cast<std::size_t>(t)];
    if (value > 0) midi.push_back(69 + 12 * std::log2(value / 440));
  }
  if (2 * static_cast<std::int64_t>(midi.size()) <= seen) return 0;
  std::sort(midi.begin(), midi.end());
  return 1 + std::clamp<std::int64_t>(std::llround(midi[midi.size() / 2]), 0, 127);
}

float mean_loudness(const std::vector<float>& loudness, std::int64_t token) {
  const auto last = static_cast<std::int64_t>(loudness.size()) - 1;
  const auto at = [&](std::int64_t t) {
    return loudness[static_cast<std::size_t>(std::clamp<std::int64_t>(t, 0, last))];
  };
  return 0.25f * at(2 * token - 1) + 0.5f * at(2 * token) + 0.25f * at(2 * token + 1);
}

// A single frame of a different pitch between two equal ones is a tracking error.
void remove_slips(std::vector<std::int64_t>& pitch) {
  for (std::size_t i = 1; i + 1 < pitch.size(); ++i) {
    if (pitch[i - 1] == pitch[i + 1]) pitch[i] = pitch[i - 1];
  }
}

void mark(std::vector<std::int64_t>& flags, double seconds, double rate) {
  const std::int64_t at = std::llround(seconds * rate);
  if (at >= 0 && at < static_cast<std::int64_t>(flags.size()))
    flags[static_cast<std::size_t>(at)] = 1;
}

// Pitch of the notes; after a note its pitch rings on for as long as it was heard, then none.
std::vector<std::int64_t> forced_pitch(const std::vector<std::int64_t>& note,
                                       const std::vector<std::int64_t>& heard) {
  std::vector<std::int64_t> forced(note.size());
  std::int64_t ringing = 0;
  for (std::size_t i = 0; i < note.size(); ++i) {
    if (note[i] > 0) ringing = note[i];
    if (note[i] == 0 && heard[i] != ringing) ringing = 0;
    forced[i] = ringing;
  }
  return forced;
}

}  // namespace

void append_tokens(const audio::Controls& controls, const std::vector<score::Note>& notes,
                   const config::TrainConfig& config, TokenColumns& columns) {
  const std::int64_t tokens =
      static_cast<std::int64_t>(controls.hz.size()) / models::kFramesOfToken;
  const double rate = models::token_rate(config);
  const auto size = static_cast<std::size_t>(tokens);
  std::vector<std::int64_t> pitch, onset(size), note_onset(size);
  for (std::int64_t i = 0; i < tokens; ++i) {
    pitch.push_back(symbol_at(controls.hz, i));
    columns.loudness.push_back(mean_loudness(controls.loudness, i));
  }
  remove_slips(pitch);
  for (const double seconds : controls.onsets) mark(onset, seconds, rate);
  const std::vector<std::int64_t> note =
      notes.empty() ? std::vector<std::int64_t>(size) : score::note_indices(notes, tokens, rate);
  for (const score::Note& one : notes) mark(note_onset, one.onset_s, rate);
  const std::vector<std::int64_t> forced = forced_pitch(note, pitch);
  const auto append = [](std::vector<std::int64_t>& all, const std::vector<std::int64_t>& some) {
    all.insert(all.end(), some.begin(), some.end());
  };
  append(columns.onset, onset);
  append(columns.pitch, pitch);
  append(columns.note, note);
  append(columns.note_onset, note_onset);
  append(columns.forced, forced);
}

}  // namespace minet::clips
