// The sound of a tune: built in, or by fluidsynth.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

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

// Where the sampled instruments are.
struct Sampler {
  std::string program;         // fluidsynth
  std::filesystem::path bank;  // a General MIDI .sf2
};
// nullopt, and why in `reason`, if the program or the bank is missing. The bank is searched where
// Debian, Fedora and Arch put FluidR3; MINET_SOUNDFONT names another.
std::optional<Sampler> find_sampler(std::string& reason);

// Plays `tune` through the sampler; its vibrato and intonation are the samples' own, so `cents` of
// the notes become 0. `scratch` is a folder for two files that are removed again.
std::vector<float> play_samples(const Sampler& sampler, const Instrument& instrument, Tune& tune,
                                double seconds, const std::filesystem::path& scratch);

// A recording's level and floor: the loudest sample 4 to 14 dB under full scale, noise at -70 dB.
void record(std::vector<float>& samples, std::uint64_t seed);

}  // namespace minet::orchestra
