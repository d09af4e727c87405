// The sound of a tune: built in, or by fluidsynth.
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

inline constexpr int kSampleRate = 48000;  // Hz, as URMP's

// What sounds, every 10 ms, in Hz; 0 where nothing does.
struct PitchCurve {
  static constexpr double kHop_s = 0.01;
  explicit PitchCurve(double seconds);
  // The pitch of the stretch of `length_s` that ends at `end_s`; at most one frame lies in it.
  void set(double end_s, double length_s, double value);
  std::vector<double> hz;
};

// Additive synthesis: band-limited wavetables of the instrument's harmonics, soft and loud, with
// envelope, vibrato, and bow or breath noise. Dry. Peak about 1. Fills
// `curve` where given, vibrato included.
std::vector<float> synthesise(const Instrument& instrument, const Tune& tune, double seconds,
                              std::uint64_t seed, PitchCurve* curve = nullptr);

// What a pitch of a sound bank really is: which key is struck for it, and how far off it sounds.
struct Key {
  int struck;    // bent to the pitch; the pitch itself, unless that key sounds an octave high
  double cents;  // of what sounds, above the pitch
};

// Where the sampled instruments are, and how they are tuned.
struct Sampler {
  std::string program;                           // fluidsynth
  std::filesystem::path bank;                    // a General MIDI .sf2
  std::map<std::string, std::vector<Key>> keys;  // by instrument, from its lowest pitch on
};
// nullopt, and why in `reason`, if the program or the bank is missing. The bank is searched where
// Debian, Fedora and Arch put FluidR3; MINET_SOUNDFONT names another. `keys` are still empty.
std::optional<Sampler> find_sampler(std::string& reason);

// Plays a file with one of the sampler's banks. `scratch` is a folder for two files that are
// removed again.
std::vector<float> render(const Sampler& sampler, const score::MidiFile& file, double seconds,
                          const std::filesystem::path& scratch);

// Plays `tune` through the sampler, whose keys of the instrument were measured; intonation and
// vibrato are the samples' own, so the notes' `cents` become what was measured.
std::vector<float> play_samples(const Sampler& sampler, const Instrument& instrument, Tune& tune,
                                double seconds, const std::filesystem::path& scratch);

// A steady tone near `hz`, by its autocorrelation.
struct Tone {
  double cents = 0;     // above hz, within +-150; 0 where there is no tone
  double periodic = 0;  // 0..1: how alike neighbouring periods are
  double octave = 0;    // -1..1: how alike the halves of a period are; at 1 it is an octave higher
};
Tone hear(std::span<const float> samples, double hz);

// Strikes every key of the instrument for a moment and listens.
std::vector<Key> measure_keys(const Sampler& sampler, const Instrument& instrument,
                              const std::filesystem::path& scratch);

// A recording's level and floor: the loudest sample 4 to 14 dB under full scale, noise at -70 dB.
void record(std::vector<float>& samples, std::uint64_t seed);

}  // namespace minet::orchestra
