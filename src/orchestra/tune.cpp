// Writes a part for an instrument and performs it; see the header.
#include "orchestra/tune.hpp"

#include <algorithm>
#include <cmath>

#include "minet/core/random.hpp"

namespace minet::orchestra {
namespace {

struct Tone {
  int pitch;
  int degree;  // step of the scale, 0..6
};

// The pitches of the key within the instrument's range.
std::vector<Tone> scale_in_range(const Instrument& instrument, int tonic, bool minor) {
  static constexpr int kMajor[7] = {0, 2, 4, 5, 7, 9, 11};
  static constexpr int kMinor[7] = {0, 2, 3, 5, 7, 8, 11};  // harmonic
  std::vector<Tone> scale;
  for (int pitch = instrument.low; pitch <= instrument.high; ++pitch) {
    const int above = (pitch - tonic + 120) % 12;
    for (int degree = 0; degree < 7; ++degree) {
      if ((minor ? kMinor : kMajor)[degree] == above) scale.push_back({pitch, degree});
    }
  }
  return scale;
}

// The note values, in beats, of a role at this tempo; likely ones occur more often.
std::vector<double> note_values(Role role, double beat_s) {
  constexpr double kShortest = 0.15;  // seconds of a note
  const double longest = role == Role::melody ? 1.0 : role == Role::inner ? 1.3 : 1.6;
  std::vector<double> values;
  const auto add = [&](double beats, int melody, int inner, int bass) {
    const double seconds = beats * beat_s;
    if (seconds < kShortest || seconds > longest) return;
    const int times = role == Role::melody ? melody : role == Role::inner ? inner : bass;
    values.insert(values.end(), static_cast<std::size_t>(times), beats);
  };
  add(0.25, 2, 0, 0), add(0.5, 6, 4, 2), add(0.75, 1, 0, 0), add(1, 5, 5, 6), add(1.5, 2, 2, 1),
      add(2, 1, 2, 4);
  return values;
}

// A rhythm that fills `beats`; a note off the beat is followed by ones that lead back to it.
std::vector<double> fill(Random& random, const std::vector<double>& values, double beats) {
  std::vector<double> rhythm;
  double at = 0;
  while (beats - at > 0.01) {
    std::vector<double> fitting;
    const double off = at - std::floor(at);
    for (const double value : values) {
      if (value > beats - at + 0.01) continue;
      const double lands = off + value - std::floor(off + value);
      if (off > 0.01 && lands > 0.01 && value >= 0.5) continue;
      fitting.push_back(value);
    }
    const double value = fitting.empty() ? beats - at : fitting[random.below(fitting.size())];
    if (fitting.empty() && value < 0.4 && !rhythm.empty()) {
      rhythm.back() += value;
    } else {
      rhythm.push_back(value);
    }
    at += value;
  }
  return rhythm;
}

class Writer {
 public:
  Writer(const Composition& piece, const Instrument& instrument, Part part, std::uint64_t player)
      : piece_(piece),
        part_(part),
        technique_(instrument.technique),
        scale_(scale_in_range(instrument, piece.tonic, piece.minor)),
        values_(note_values(part.role, piece.beat_s())),
        player_(derive_seed(player, "performance")) {
    late_s_ = 0.006 * std::clamp(player_.normal(), -2.0, 2.0);
    tune_.beats_per_minute = piece.beats_per_minute;
  }

  Tune write() {
    // Golden-ratio steps cover the whole range evenly for any number of phrases.
    double where = stream("range").uniform();
    for (std::size_t phrase = 0; phrase < piece_.loud.size(); ++phrase) {
      where = std::fmod(where + 0.6180339887, 1.0);
      if (!write_phrase(static_cast<int>(phrase), where)) break;
    }
    return std::move(tune_);
  }

 private:
  // The random numbers of the part, the same for every player of it.
  Random stream(const char* purpose, int index = 0) const {
    return Random(derive_seed(derive_seed(piece_.seed, purpose), "part",
                              static_cast<std::uint64_t>(part_.index),
                              static_cast<std::uint64_t>(index)));
  }

  int last() const { return static_cast<int>(scale_.size()) - 1; }

  int nearest(int place, int chord, bool root_only) const {
    for (int away = 0; away <= last(); ++away) {
      for (const int near : {place - away, place + away}) {
        if (near < 0 || near > last()) continue;
        const int above = (scale_[static_cast<std::size_t>(near)].degree - chord + 7) % 7;
        if (above == 0 || (!root_only && (above == 2 || above == 4))) return near;
      }
    }
    return std::clamp(place, 0, last());
  }

  int next_place(Random& random, int place, int centre) const {
    static const std::vector<int> kAgile = {-1, -1, -1, 1, 1, 1, -2, 2, -2, 2, 0, -3, 3, 4, -4};
    static const std::vector<int> kBrass = {-1, -1, -1, 1, 1, 1, -2, 2, -2, 2, 0, 0, -3, 3, 1};
    static const std::vector<int> kCalm = {-1, -1, 1, 1, 0, -2, 2, -2, 2};
    const bool brass = technique_ == Technique::valves || technique_ == Technique::slide;
    const auto& steps = part_.role == Role::inner ? kCalm : brass ? kBrass : kAgile;
    int step = steps[random.below(steps.size())];
    // The further from the centre, the more likely a step back.
    const int away = place - centre;
    if (std::abs(away) > 3 && away * step > 0 && random.uniform() < 0.25 * (std::abs(away) - 3))
      step = -step;
    if (place + step < 0 || place + step > last()) step = -step;
    return std::clamp(place + step, 0, last());
  }

  // The bars of a phrase as note values; the last bar ends with a rest.
  std::vector<std::vector<double>> rhythm(int phrase) const {
    const int pair = phrase / 2;
    Random random = stream("rhythm", pair);
    std::vector<std::vector<double>> bars;
    for (int bar = 0; bar + 1 < piece_.phrase_bars; ++bar)
      bars.push_back(fill(random, values_, piece_.beats_per_bar));
    // The third bar repeats the first: a motif.
    if (bars.size() > 2) bars[2] = bars[0];
    const double sounding = piece_.beats_per_bar - piece_.rests[static_cast<std::size_t>(phrase)];
    const double held = std::min(sounding, *std::max_element(values_.begin(), values_.end()));
    bars.push_back(fill(random, values_, sounding - held));
    bars.back().push_back(held);
    return bars;
  }

  // False when the time is up.
  bool write_phrase(int phrase, double where) {
    const bool answer = phrase % 2 == 1;
    const bool melody = part_.role == Role::melody;
    Random own = stream("phrase", phrase);
    const bool silent = !melody && phrase >= 2 && own.uniform() < 0.08;
    const bool legato = own.uniform() < (technique_ == Technique::bowed ? 0.7 : 0.6);
    const std::uint64_t slur = legato ? 1 + own.below(4) : 1;
    if (silent) return true;

    const auto bars = rhythm(phrase);
    std::size_t notes = 0;
    for (const auto& bar : bars) notes += bar.size();
    Random random = stream("melody", phrase / 2);
    const int centre = static_cast<int>(std::lround(last() * (0.1 + 0.8 * where)));
    int place = centre;
    std::size_t i = 0;
    for (std::size_t b = 0; b < bars.size(); ++b) {
      const std::size_t number = static_cast<std::size_t>(phrase * piece_.phrase_bars) + b;
      const int chord = piece_.chords[number];
      double beat = static_cast<double>(number) * piece_.beats_per_bar;
      for (std::size_t n = 0; n < bars[b].size(); ++n, ++i) {
        const bool ends = i + 1 == notes;
        const double in_bar = beat - static_cast<double>(number) * piece_.beats_per_bar;
        const bool strong = n == 0 || (piece_.beats_per_bar == 4 && std::abs(in_bar - 2) < 0.01);
        place = next_place(random, place, centre);
        if (ends) {
          place = nearest(place, chord, answer && part_.role != Role::inner);
        } else if (part_.role == Role::bass) {
          place = nearest(place, chord, n == 0);
        } else if (strong || part_.role == Role::inner) {
          place = nearest(place, chord, false);
        }
        TuneNote note{};
        note.beat = beat;
        note.beats = bars[b][n];
        note.pitch = scale_[static_cast<std::size_t>(place)].pitch;
        note.phrase = phrase;
        note.slurred = i % slur != 0;
        const double along =
            static_cast<double>(i) / static_cast<double>(std::max<std::size_t>(1, notes - 1));
        const double loud = piece_.loud[static_cast<std::size_t>(phrase)] - (melody ? 0 : 5);
        note.velocity = std::clamp(static_cast<int>(loud + 16 * std::sin(3.14159265 * along) +
                                                    (n == 0 ? 5 : 0) + 4 * player_.normal()),
                                   40, 118);
        beat += note.beats;
        if (!perform(note, legato, ends, slur > 1)) return false;
      }
    }
    return true;
  }

  bool perform(TuneNote& note, bool legato, bool ends, bool slurs) {
    const double next = piece_.seconds_at(note.beat + note.beats);
    note.onset_s =
        piece_.seconds_at(note.beat) + late_s_ + std::clamp(0.008 * player_.normal(), -0.02, 0.02);
    const double held = (ends ? 0.9 : slurs ? 0.98 : legato ? 0.9 : 0.72) + 0.03 * player_.normal();
    note.duration_s = std::max(0.11, (next - note.onset_s) * std::clamp(held, 0.5, 0.98));
    note.cents = std::clamp(5 * player_.normal(), -14.0, 14.0);
    note.vibrato = player_.uniform(0.4, 1.0);
    if (note.onset_s + note.duration_s > piece_.seconds - 0.25) return false;
    if (!tune_.notes.empty()) {  // uneven onsets must not make notes overlap
      TuneNote& before = tune_.notes.back();
      before.duration_s = std::min(before.duration_s, note.onset_s - before.onset_s);
    }
    tune_.notes.push_back(note);
    return true;
  }

  const Composition& piece_;
  Part part_;
  Technique technique_;
  std::vector<Tone> scale_;
  std::vector<double> values_;
  Random player_;
  double late_s_ = 0;
  Tune tune_;
};

}  // namespace

Tune play_part(const Composition& composition, const Instrument& instrument, Part part,
               std::uint64_t player_seed) {
  return Writer(composition, instrument, part, player_seed).write();
}

}  // namespace minet::orchestra
