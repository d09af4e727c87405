// Measures the keys of a sound bank: their tuning, and whether they sound an octave high.
//
// Sampled notes are some cents off, and in some the odd partials are so weak that a listener or a
// pitch tracker hears the octave above (FluidR3: three keys of the bassoon and three of the double
// bass). Such a key is replaced by the nearest good one, bent to its pitch, and the notes written
// down get the measured cents. Omitted: banks that are off by more than 150 cents, and pitch
// movement within a note.
#include <algorithm>
#include <cmath>

#include "orchestra/sound.hpp"

namespace minet::orchestra {
namespace {

constexpr double kNote_s = 0.8, kStep_s = 1.2;      // length and spacing of the keys struck in turn
constexpr double kFrom_s = 0.25, kListen_s = 0.45;  // measured part of a key: after the attack
constexpr double kWindow_s = 0.35;                  // compared with itself later
constexpr double kWidest = 150;                     // cents
constexpr double kTone = 0.5;                       // periods less similar than this are no tone
constexpr double kOctave = 0.85;  // halves of a period more similar than this: an octave high
constexpr int kReach = 4;         // semitones that a note may be bent

// -1..1: similarity of `samples` to themselves `lag` samples later.
double likeness(std::span<const float> samples, std::size_t window, std::size_t lag) {
  double both = 0, now = 1e-12, later = 1e-12;
  for (std::size_t i = 0; i < window; ++i) {
    const double a = samples[i], b = samples[i + lag];
    both += a * b, now += a * a, later += b * b;
  }
  return both / std::sqrt(now * later);
}

}  // namespace

Tone hear(std::span<const float> samples, double hz) {
  const auto window = static_cast<std::size_t>(kWindow_s * kSampleRate);
  const double period = kSampleRate / hz, widest = std::exp2(kWidest / 1200);
  const auto first = static_cast<std::size_t>(period / widest);
  const auto last = static_cast<std::size_t>(std::ceil(period * widest));
  if (first < 2 || window + last + 1 > samples.size()) return {};
  std::vector<double> alike;
  for (std::size_t lag = first; lag <= last; ++lag) alike.push_back(likeness(samples, window, lag));
  const auto best =
      static_cast<std::size_t>(std::max_element(alike.begin(), alike.end()) - alike.begin());
  if (best == 0 || best + 1 == alike.size() || alike[best] < kTone) return {};
  const double before = alike[best - 1], at = alike[best], after = alike[best + 1];
  const double shift = 0.5 * (before - after) / (before - 2 * at + after);
  const double found = static_cast<double>(first + best) + shift;
  Tone tone{.cents = 1200 * std::log2(period / found), .periodic = at, .octave = -1};
  const auto half = static_cast<std::size_t>(found / 2);
  for (std::size_t lag = half - 1; lag <= half + 2; ++lag)
    tone.octave = std::max(tone.octave, likeness(samples, window, lag) / at);
  return tone;
}

std::vector<Key> measure_keys(const Sampler& sampler, const Instrument& instrument,
                              const std::filesystem::path& scratch) {
  std::vector<score::Note> notes;
  for (int pitch = instrument.low; pitch <= instrument.high; ++pitch) {
    notes.push_back({.onset_s = kStep_s * static_cast<double>(notes.size()),
                     .duration_s = kNote_s,
                     .pitch = pitch,
                     .velocity = 80});
  }
  const auto samples =
      render(sampler, score::midi_from_notes(notes, {.program = instrument.program}),
             kStep_s * static_cast<double>(notes.size()), scratch);
  std::vector<Tone> tones;
  for (const score::Note& note : notes) {
    const auto from = static_cast<std::size_t>((note.onset_s + kFrom_s) * kSampleRate);
    const auto length = static_cast<std::size_t>(kListen_s * kSampleRate);
    const double hz = 440 * std::exp2((note.pitch - 69) / 12.0);
    tones.push_back(hear(std::span(samples).subspan(from, length), hz));
  }
  std::vector<Key> keys;
  const int count = static_cast<int>(tones.size());
  for (int i = 0; i < count; ++i) {
    int struck = i;
    for (int away = 1; tones[static_cast<std::size_t>(struck)].octave > kOctave; ++away) {
      if (away > kReach) {
        struck = i;  // no neighbour is better
        break;
      }
      for (const int near : {i + away, i - away}) {
        if (near < 0 || near >= count) continue;
        const Tone& tone = tones[static_cast<std::size_t>(near)];
        if (tone.periodic > 0 && tone.octave <= kOctave) struck = near;
      }
    }
    keys.push_back({instrument.low + struck, tones[static_cast<std::size_t>(struck)].cents});
  }
  return keys;
}

}  // namespace minet::orchestra
