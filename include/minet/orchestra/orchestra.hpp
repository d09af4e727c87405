// A synthetic orchestra: 13 instruments (URMP's), seeded tunes, players whose bodies move with what
// they play, and their sound. Everything it makes is synthetic and must be called so.
//
// OUT/tracks.csv                                  columns audio, pose, notes, instrument, group,
// split, fps;
//                                                 paths relative to OUT: the input of `mi_prepare
//                                                 folder`
// OUT/NN_Title_code/AuSep_1_code_NN_Title.wav     48 kHz, mono, 16 bit
//                  /Notes_1_code_NN_Title.txt     onset s, pitch Hz, duration s: what really sounds
//                  /Sco_NN_Title_code.mid         the score, before the player's timing
//                  /Pose_1_code_NN_Title.npy      float32 [frames, 47, 3] = x px, y px,
//                  confidence; 29.97
//                                                 frames a second, 1920 x 1080, Solos' joint order
// Names and file formats are URMP's (https://labsites.rochester.edu/air/projects/URMP.html), with
// one part per piece. Left out: several players in one picture, and double stops.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace minet::orchestra {

enum class SoundSource {
  automatic,   // fluidsynth where the program and its bank are installed, else additive
  fluidsynth,  // sampled instruments: the FluidR3 General MIDI bank; WorkError where absent
  additive,    // built in
};

struct OrchestraOptions {
  std::filesystem::path out;  // the folder to make
  int tracks = 26;            // instruments take turns, so 26 are two of each
  double seconds = 60;        // a track
  std::uint64_t seed = 1;
  SoundSource sound = SoundSource::automatic;
  bool force = false;  // replace an existing folder
};

struct OrchestraReport {
  SoundSource sound = SoundSource::additive;  // what was used
  std::string why;                            // a sentence for people: which sound, and why that
  int tracks = 0;
  int test_tracks = 0;
  double seconds = 0;  // of sound in all
  std::int64_t notes = 0;
  std::map<std::string, int> tracks_of;  // by instrument code
};

// URMP's codes in the order in which instruments take turns.
std::vector<std::string> instrument_codes();

// "auto", "fluidsynth" or "additive"; InputError otherwise.
SoundSource parse_sound_source(const std::string& name);

// The same options give the same bytes (with fluidsynth: of the same version and bank), and track i
// does not depend on how many tracks are made. The folder appears whole or not at all.
OrchestraReport make_orchestra(const OrchestraOptions& options);

}  // namespace minet::orchestra
