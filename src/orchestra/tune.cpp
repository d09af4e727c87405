// Composing and performing; see the header.
#include "orchestra/tune.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "minet/core/random.hpp"

namespace minet::orchestra {
namespace {

constexpr double kShortest = 0.15, kLongest = 1.0;  // seconds of a note

template <class T>
T pick(Random& random, const std::vector<T>& from) {
  return from[random.below(from.size())];
}

// The pitches of the key that the instrument plays.
std::vector<int> scale_in_range(const Instrument& instrument, int tonic, bool minor) {
  static constexpr bool kMajor[12] = {1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1};
  static constexpr bool kMinor[12] = {1, 0, 1, 1, 0, 1, 0, 1, 1, 0, 0, 1};  // harmonic
  std::vector<int> scale;
  for (int pitch = instrument.low; pitch <= instrument.high; ++pitch) {
    const int degree = (pitch - tonic + 120) % 12;
    if (minor ? kMinor[degree] : kMajor[degree]) scale.push_back(pitch);
  }
  return scale;
}

// Note values in beats that last 0.15 to 1 s at this tempo, the likely ones more often.
std::vector<double> note_values(double beat_s) {
  std::vector<double> values;
  const auto add = [&](double beats, int times) {
    const double seconds = beats * beat_s;
    if (seconds >= kShortest && seconds <= kLongest)
      values.insert(values.end(), static_cast<std::size_t>(times), beats);
  };
  add(0.25, 2), add(0.5, 5), add(0.75, 1), add(1, 5), add(1.5, 2), add(2, 1);
  return values;
}

class Composer {
 public:
  Composer(const Instrument& instrument, double seconds, std::uint64_t seed)
      : random_(derive_seed(seed, "tune")), seconds_(seconds) {
    static const std::vector<std::string> kTitles = {
        "Aubade",   "Ballade", "Bourree",  "Canzona", "Chanson",  "Elegy",    "Gavotte",
        "Gigue",    "Idyll",   "Landler",  "Lullaby", "Minuet",   "Musette",  "Nocturne",
        "Pastoral", "Prelude", "Rigaudon", "Romance", "Serenade", "Siciliana"};
    tune_.title = pick(random_, kTitles);
    tune_.beats_per_minute = std::round(random_.uniform(72, 126));
    beat_s_ = 60 / tune_.beats_per_minute;
    tonic_ = static_cast<int>(random_.below(12));
    scale_ = scale_in_range(instrument, tonic_, random_.uniform() < 0.4);
    values_ = note_values(beat_s_);
    start_s_ = random_.uniform(0.4, 1.2);
    sway_ = random_.uniform(0, 2 * std::numbers::pi);
    where_ = random_.uniform();
  }

  Tune compose() {
    for (int phrase = 0; write_phrase(phrase); ++phrase) {
    }
    return std::move(tune_);
  }

 private:
  double seconds_at(double beat) const {
    return start_s_ + beat * beat_s_ +
           0.06 * (std::sin(sway_ + 2 * std::numbers::pi * beat / 24) - std::sin(sway_));
  }

  std::vector<double> rhythm() {
    if (motif_.empty() || random_.uniform() < 0.3) {
      motif_.clear();
      for (std::uint64_t n = 3 + random_.below(3); n > 0; --n)
        motif_.push_back(pick(random_, values_));
    }
    std::vector<double> beats;
    const std::size_t length = 6 + random_.below(9);
    while (beats.size() + 1 < length) {
      const double usual = motif_[beats.size() % motif_.size()];
      beats.push_back(random_.uniform() < 0.15 ? pick(random_, values_) : usual);
    }
    beats.push_back(*std::max_element(values_.begin(), values_.end()));
    return beats;
  }

  int next_degree(int degree, int centre) {
    static const std::vector<int> kSteps = {-1, -1, -1, 1, 1, 1, -2, 2, -2, 2, 0, -3, 3, 4, -4};
    int step = pick(random_, kSteps);
    // The further out, the stronger the way back.
    if (std::abs(degree - centre) > 2 &&
        random_.uniform() < 0.25 * std::abs(degree - centre) - 0.3) {
      step = degree > centre ? -std::abs(step) : std::abs(step);
    }
    const int last = static_cast<int>(scale_.size()) - 1;
    if (degree + step < 0 || degree + step > last) step = -step;
    return std::clamp(degree + step, 0, last);
  }

  int nearest_chord_degree(int degree) const {
    const int last = static_cast<int>(scale_.size()) - 1;
    for (int away = 0; away <= last; ++away) {
      for (const int near : {degree - away, degree + away}) {
        if (near < 0 || near > last) continue;
        const int above = (scale_[static_cast<std::size_t>(near)] - tonic_ + 120) % 12;
        if (above == 0 || above == 3 || above == 4 || above == 7) return near;
      }
    }
    return degree;
  }

  // False when the time is over.
  bool write_phrase(int phrase) {
    const std::vector<double> rhythm_beats = rhythm();
    // Golden-ratio steps visit the whole range evenly, whatever the number of phrases.
    where_ = std::fmod(where_ + 0.6180339887, 1.0);
    const int last = static_cast<int>(scale_.size()) - 1;
    const int centre = static_cast<int>(std::lround(last * (0.1 + 0.8 * where_)));
    int degree = centre;
    const double loud = random_.uniform(58, 92);
    const bool legato = random_.uniform() < 0.65;
    const std::uint64_t slur_length = legato ? 1 + random_.below(4) : 1;
    for (std::size_t i = 0; i < rhythm_beats.size(); ++i) {
      const bool ends = i + 1 == rhythm_beats.size();
      degree = ends ? nearest_chord_degree(degree) : next_degree(degree, centre);
      TuneNote note{};
      note.beat = beat_;
      note.beats = rhythm_beats[i];
      note.pitch = scale_[static_cast<std::size_t>(degree)];
      note.phrase = phrase;
      note.slurred = i % slur_length != 0;
      const double along = static_cast<double>(i) / static_cast<double>(rhythm_beats.size() - 1);
      const double accent = std::fmod(note.beat, 1.0) < 0.01 ? 5 : 0;
      note.velocity = std::clamp(static_cast<int>(loud + 16 * std::sin(std::numbers::pi * along) +
                                                  accent + 4 * random_.normal()),
                                 40, 118);
      if (!perform(note, legato, ends, slur_length > 1)) return false;
      beat_ += note.beats;
    }
    const double rest = std::ceil(random_.uniform(0.35, 1.1) / beat_s_ * 2) / 2;
    beat_ += rest;
    return true;
  }

  bool perform(TuneNote& note, bool legato, bool ends, bool slurs) {
    const double next = seconds_at(note.beat + note.beats);
    note.onset_s = seconds_at(note.beat) + std::clamp(0.008 * random_.normal(), -0.02, 0.02);
    const double held = (ends ? 0.9 : slurs ? 0.98 : legato ? 0.9 : 0.72) + 0.03 * random_.normal();
    note.duration_s = std::max(0.11, (next - note.onset_s) * std::clamp(held, 0.5, 0.98));
    note.cents = std::clamp(5 * random_.normal(), -14.0, 14.0);
    note.vibrato = random_.uniform(0.4, 1.0);
    if (note.onset_s + note.duration_s > seconds_ - 0.25) return false;
    if (!tune_.notes.empty()) {  // uneven onsets must not make two notes sound at once
      TuneNote& before = tune_.notes.back();
      before.duration_s = std::min(before.duration_s, note.onset_s - before.onset_s);
    }
    tune_.notes.push_back(note);
    return true;
  }

  Random random_;
  double seconds_;
  Tune tune_;
  double beat_s_ = 0.6, start_s_ = 0, sway_ = 0, where_ = 0, beat_ = 0;
  int tonic_ = 0;
  std::vector<int> scale_;
  std::vector<double> values_, motif_;
};

}  // namespace

Tune compose(const Instrument& instrument, double seconds, std::uint64_t seed) {
  return Composer(instrument, seconds, seed).compose();
}

double hz_of(const TuneNote& note) {
  return 440 * std::exp2((note.pitch - 69 + note.cents / 100) / 12);
}

}  // namespace minet::orchestra
