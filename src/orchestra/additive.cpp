// Additive synthesis with wavetables: the partials of a pitch are summed once into two single-cycle
// tables (soft and loud), and a note reads both with a 32-bit phase. One minute takes well under a
// second. The timbres are in timbre.cpp. Omitted: the room, body resonances that stay fixed while
// the pitch moves within a note, transients other than noise.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numbers>

#include "minet/core/random.hpp"
#include "orchestra/smooth.hpp"
#include "orchestra/sound.hpp"
#include "orchestra/timbre.hpp"

namespace minet::orchestra {
namespace {

double from_db(double db) {
  return std::pow(10.0, db / 20);
}

constexpr int kTableBits = 11;
constexpr int kTable = 1 << kTableBits;  // samples of one cycle
constexpr int kMostPartials = 160;
constexpr int kBlock = 32;  // samples between updates of pitch and level

struct Tables {
  std::array<float, kTable + 1> soft, loud;  // one extra for interpolation
};

std::array<float, kTable + 1> cycle(const std::vector<double>& amplitudes) {
  std::array<double, kTable> sum{};
  double power = 0;
  for (std::size_t k = 0; k < amplitudes.size(); ++k) {
    const double harmonic = static_cast<double>(k + 1);
    power += amplitudes[k] * amplitudes[k] / 2;
    // Phases quadratic in the harmonic's number spread a cycle's energy evenly (Schroeder).
    double phase = std::numbers::pi * harmonic * harmonic / static_cast<double>(amplitudes.size());
    const double step = 2 * std::numbers::pi * harmonic / kTable;
    double y = amplitudes[k] * std::sin(phase), before = amplitudes[k] * std::sin(phase - step);
    const double twice = 2 * std::cos(step);
    for (double& value : sum) {
      value += y;
      const double after = twice * y - before;
      before = y;
      y = after;
    }
  }
  std::array<float, kTable + 1> table;
  const double scale = 1 / std::sqrt(power);
  for (std::size_t i = 0; i < kTable; ++i) table[i] = static_cast<float>(scale * sum[i]);
  table[kTable] = table[0];
  return table;
}

Tables make_tables(const Timbre& timbre, double hz) {
  const int partials = std::clamp(static_cast<int>(0.42 * kSampleRate / hz), 1, kMostPartials);
  std::vector<double> soft, loud;
  for (int k = 1; k <= partials; ++k) {
    double db = k <= 8 ? timbre.harmonics_db[static_cast<std::size_t>(k - 1)]
                       : timbre.harmonics_db[7] - timbre.rolloff_db * std::log2(k / 8.0);
    // Above the clarinet's break the even harmonics return.
    if (timbre.code == "cl" && k % 2 == 0 && k <= 8) db += std::clamp((hz - 350) / 25, 0.0, 18.0);
    for (const Formant& formant : timbre.formants) {
      const double away = std::log2(k * hz / formant.hz) / formant.octaves;
      db += formant.db * std::exp(-away * away / 2);
    }
    loud.push_back(from_db(db));
    soft.push_back(from_db(db - timbre.soft_db * std::log2(static_cast<double>(k))));
  }
  return {cycle(soft), cycle(loud)};
}

// Band-passed white noise of roughly unit variance.
class Noise {
 public:
  Noise(double hz, double q, std::uint64_t seed) : state_(static_cast<std::uint32_t>(seed) | 1) {
    const double w = 2 * std::numbers::pi * std::min(hz, 0.4 * kSampleRate) / kSampleRate;
    const double alpha = std::sin(w) / (2 * q), a0 = 1 + alpha;
    b_ = static_cast<float>(alpha / a0 * std::sqrt(3.0 * q / w) * std::numbers::sqrt2);
    a1_ = static_cast<float>(-2 * std::cos(w) / a0);
    a2_ = static_cast<float>((1 - alpha) / a0);
  }
  float next() {
    state_ ^= state_ << 13, state_ ^= state_ >> 17, state_ ^= state_ << 5;  // xorshift32
    const float white = static_cast<float>(static_cast<std::int32_t>(state_)) * 0x1p-31f;
    const float y = b_ * (white - x2_) - a1_ * y1_ - a2_ * y2_;
    x2_ = x1_, x1_ = white, y2_ = y1_, y1_ = y;
    return y;
  }

 private:
  std::uint32_t state_;
  float b_, a1_, a2_, x1_ = 0, x2_ = 0, y1_ = 0, y2_ = 0;
};

class Voice {
 public:
  Voice(const Timbre& timbre, std::uint64_t seed, std::vector<float>& out, PitchCurve* curve)
      : timbre_(timbre),
        random_(seed),
        noise_(timbre.noise_hz, timbre.noise_q, seed),
        out_(out),
        curve_(curve) {}

  void play(const TuneNote& note) {
    auto found = tables_.find(note.pitch);
    if (found == tables_.end()) {
      const double hz = 440 * std::exp2((note.pitch - 69) / 12.0);
      found = tables_.emplace(note.pitch, make_tables(timbre_, hz)).first;
    }
    const Tables& tables = found->second;
    const double level = 0.25 * from_db(-20 * (1 - note.velocity / 127.0));
    const double loudness = std::clamp((note.velocity - 35) / 80.0, 0.0, 1.0);
    const double attack =
        std::min(timbre_.attack_s * (note.slurred ? 0.6 : 1) * (1.25 - 0.5 * loudness),
                 0.5 * note.duration_s);
    const double vibrato_phase = random_.uniform(0, 2 * std::numbers::pi);
    const double base = hz_of(note);
    const double burst = note.slurred ? 0.3 : 1;
    const auto first = static_cast<std::size_t>(std::max(0.0, note.onset_s * kSampleRate));
    const auto length =
        static_cast<std::size_t>((note.duration_s + timbre_.release_s) * kSampleRate);
    auto phase = static_cast<std::uint32_t>(random_.next());
    float gain = 0, bright = 0, hiss = 0;
    for (std::size_t done = 0; done < length; done += kBlock) {
      const double t = static_cast<double>(done + kBlock) / kSampleRate;  // at the block's end
      const double rise = smooth(t / attack);
      const double fall = 1 - smooth((t - note.duration_s) / timbre_.release_s);
      const double settle = 0.82 + 0.18 * std::exp(-std::max(0.0, t - attack) / 0.18);
      const double swell =
          1 + 0.12 * std::sin(std::numbers::pi * std::min(1.0, t / note.duration_s));
      const double depth = note.vibrato * smooth((t - 0.12) / 0.25);
      const double wave = std::sin(vibrato_phase + 2 * std::numbers::pi * timbre_.vibrato_hz * t);
      const double shape = rise * fall * settle * swell * (1 + timbre_.tremolo * depth * wave);
      const double cents = timbre_.vibrato_cents * depth * wave - 12 * (1 - rise);
      const double hz = base * std::exp2(cents / 1200);
      if (curve_ != nullptr && t <= note.duration_s)
        curve_->set(note.onset_s + t, static_cast<double>(kBlock) / kSampleRate, hz);
      const auto step = static_cast<std::uint32_t>(hz / kSampleRate * 4294967296.0);
      const auto gain_to = static_cast<float>(level * shape);
      const auto bright_to = static_cast<float>(std::clamp(loudness * shape, 0.0, 1.0));
      const auto hiss_to =
          static_cast<float>(level * fall *
                             (from_db(timbre_.noise_db) * rise +
                              burst * from_db(timbre_.burst_db) * std::exp(-t / 0.035)));
      const std::size_t at = first + done;
      if (at >= out_.size()) return;
      const std::size_t samples = std::min<std::size_t>(kBlock, out_.size() - at);
      const float gain_step = (gain_to - gain) / kBlock,
                  bright_step = (bright_to - bright) / kBlock,
                  hiss_step = (hiss_to - hiss) / kBlock;
      for (std::size_t i = 0; i < samples; ++i) {
        const std::size_t index = phase >> (32 - kTableBits);
        const float part = static_cast<float>(phase << kTableBits >> 8) * 0x1p-24f;
        const float soft =
            tables.soft[index] + part * (tables.soft[index + 1] - tables.soft[index]);
        const float loud =
            tables.loud[index] + part * (tables.loud[index + 1] - tables.loud[index]);
        out_[at + i] += gain * (soft + bright * (loud - soft)) + hiss * noise_.next();
        phase += step;
        gain += gain_step, bright += bright_step, hiss += hiss_step;
      }
    }
  }

 private:
  const Timbre& timbre_;
  Random random_;
  Noise noise_;
  std::vector<float>& out_;
  PitchCurve* curve_;
  std::map<int, Tables> tables_;
};

}  // namespace

PitchCurve::PitchCurve(double seconds)
    : hz(static_cast<std::size_t>(std::ceil(seconds / kHop_s))) {}

void PitchCurve::set(double end_s, double length_s, double value) {
  const double frame = std::floor(end_s / kHop_s);
  if (frame < 0 || frame >= static_cast<double>(hz.size())) return;
  if (frame * kHop_s > end_s - length_s) hz[static_cast<std::size_t>(frame)] = value;
}

std::vector<float> synthesise(const Instrument& instrument, const Tune& tune, double seconds,
                              std::uint64_t seed, PitchCurve* curve) {
  std::vector<float> samples(static_cast<std::size_t>(std::llround(seconds * kSampleRate)));
  Voice voice(timbre_of(instrument.code), derive_seed(seed, "additive"), samples, curve);
  for (const TuneNote& note : tune.notes) voice.play(note);
  return samples;
}

void record(std::vector<float>& samples, std::uint64_t seed) {
  Random random(derive_seed(seed, "recording"));
  float peak = 1e-6f;
  for (const float sample : samples) peak = std::max(peak, std::abs(sample));
  const auto gain = static_cast<float>(from_db(random.uniform(-14, -4)) / peak);
  const auto floor = static_cast<float>(from_db(-70));
  // Room noise is darker than white noise: one-pole low-pass, rescaled to the same power.
  const float pole = 0.8f;
  const float scale = std::sqrt((1 - pole * pole)) * std::sqrt(3.0f) * floor;
  auto state = static_cast<std::uint32_t>(random.next()) | 1;
  float room = 0;
  for (float& sample : samples) {
    state ^= state << 13, state ^= state >> 17, state ^= state << 5;
    room = pole * room + static_cast<float>(static_cast<std::int32_t>(state)) * 0x1p-31f * scale;
    sample = gain * sample + room;
  }
}

}  // namespace minet::orchestra
