// The sound of a tune: built-in synthesis, or fluidsynth.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "minet/score/midi.hpp"
#include "orchestra/instruments.hpp"
#include "orchestra/tune.hpp"

namespace minet::orchestra {

inline constexpr int kSampleRate = 48000;  // Hz, as in URMP

// The sounding pitch every 10 ms, in Hz; 0 during silence.
struct PitchCurve {
  static constexpr double kHop_s = 0.01;
  explicit PitchCurve(double seconds);
  // Sets the pitch of the `length_s` seconds that end at `end_s`; at most one frame lies in them.
  void set(double end_s, double length_s, double value);
  std::vector<double> hz;
};

// Additive synthesis: band-limited wavetables of the instrument's harmonics, soft and loud, with
// envelope, vibrato, and bow or breath noise. Dry. Peak about 1. Fills `curve`, vibrato included,
// if it is given.
std::vector<float> synthesise(const Instrument& instrument, const Tune& tune, double seconds,
                              std::uint64_t seed, PitchCurve* curve = nullptr);

// How a pitch is played on a sound bank: the key to strike, and how far off it sounds.
struct Key {
  int struck;    // bent to the pitch; the pitch itself, unless that key sounds an octave high
  double cents;  // of the sounding pitch, above the nominal one
};

// The sampled instruments and their tuning.
struct Sampler {
  std::string program;                           // fluidsynth
  std::filesystem::path bank;                    // a General MIDI .sf2
  std::map<std::string, std::vector<Key>> keys;  // by instrument, starting at its lowest pitch
};
// nullopt, with the `reason`, if the program or the bank is missing. Looks for FluidR3 where
// Debian, Fedora and Arch install it, or for the bank in MINET_SOUNDFONT. Leaves `keys` empty.
std::optional<Sampler> find_sampler(std::string& reason);

// Renders a file with the sampler's bank. `scratch` is a folder for two files, which are removed
// afterwards.
std::vector<float> render(const Sampler& sampler, const score::MidiFile& file, double seconds,
                          const std::filesystem::path& scratch);

// Plays `tune` with the sampler, whose keys of this instrument have been measured; intonation and
// vibrato are the samples' own, so the notes' `cents` are set to the measured ones.
std::vector<float> play_samples(const Sampler& sampler, const Instrument& instrument, Tune& tune,
                                double seconds, const std::filesystem::path& scratch);

// A steady tone near `hz`, from its autocorrelation.
struct Tone {
  double cents = 0;     // above hz, within +-150; 0 if there is no tone
  double periodic = 0;  // 0..1: similarity of neighbouring periods
  double octave = 0;    // -1..1: similarity of half-periods; 1: it sounds an octave higher
};
Tone hear(std::span<const float> samples, double hz);

// Strikes every key of the instrument briefly and measures it.
std::vector<Key> measure_keys(const Sampler& sampler, const Instrument& instrument,
                              const std::filesystem::path& scratch);

// Adds a recording's level and noise: peak 4 to 14 dB below full scale, noise at -70 dB.
void record(std::vector<float>& samples, std::uint64_t seed);

}  // namespace minet::orchestra
