// A synthetic orchestra: 13 instruments (URMP's), seeded pieces in several parts, players whose
// bodies move with what they play, and their sound. Everything it makes is synthetic and must be
// labelled as such. What is modelled and what is not: docs/orchestra.md.
//
// OUT/tracks.csv     a row for each part: audio, pose, notes, instrument, group, split, fps (and
//                    person, pose_format with OpenPose's files); paths relative to OUT: the input
//                    of `mi_prepare folder`. Group: the composition.
// OUT/README.txt     states that this is synthetic, and the options it was made with
// OUT/NN_Title_codes/AuSep_P_code_NN_Title.wav   48 kHz, mono, 16 bit; P: the part, from 1
//                   /AuMix_NN_Title_codes.wav    all parts
//                   /Notes_P_code_NN_Title.txt   onset s, pitch Hz, duration s, as really sounding
//                   /F0s_P_code_NN_Title.txt     time s, Hz (0: nothing sounds), every 10 ms
//                   /Sco_NN_Title_codes.mid      the score, before the players' timing; one track
//                                                per part
//                   /Pose_P_code_NN_Title.npy    float32 [frames, 47, 3] = x px, y px, confidence;
//                                                29.97 frames per second, 1920 x 1080, Solos' order
//                   /Pose_NN_Title_codes/        instead of .npy, OpenPose's files: one JSON file
//                                                per frame, all players from left to right
// Names and file formats are URMP's (https://labsites.rochester.edu/air/projects/URMP.html).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace minet::orchestra {

enum class SoundSource {
  automatic,   // fluidsynth if the program and its bank are installed, else additive
  fluidsynth,  // sampled instruments: the FluidR3 General MIDI bank; WorkError if absent
  additive,    // built in
};

enum class PoseFiles {
  npy,       // one file per player, each alone in the image
  openpose,  // one folder per piece, BODY_25 and hands, all players in one image
};

enum class Cameras {
  stage,     // in front of the players, at eye level, as in URMP
  anywhere,  // up to 60 degrees to either side, near or far, above or below, slightly rolled
};

enum class Habits {
  usual,   // postures a few centimetres apart, like players of one school
  varied,  // elbows, shoulders, hands and the instrument turned or held high or low, near or far
};

struct OrchestraOptions {
  std::filesystem::path out = {};  // the folder to create
  int tracks = 148;                // parts: 16 have every instrument, 31 have it for testing too
  double seconds = 60;             // per piece
  std::uint64_t seed = 1;
  SoundSource sound = SoundSource::automatic;
  PoseFiles pose = PoseFiles::npy;
  Cameras cameras = Cameras::stage;
  Habits habits = Habits::usual;
  std::vector<std::string> instruments = {};  // codes, played in turn; empty: as in URMP
  bool mix = true;                            // write AuMix files
  int threads = 0;                            // pieces made in parallel; 0: one per processor
  bool force = false;                         // replace an existing folder
};

struct OrchestraReport {
  SoundSource sound = SoundSource::additive;  // what was used
  std::string why;                            // which sound was used and why, a sentence for people
  int pieces = 0;
  int pieces_before = 0;  // already made by an interrupted run
  int tracks = 0;
  int test_tracks = 0;
  double seconds = 0;  // of sound in total, without the mixtures
  std::int64_t notes = 0;
  std::map<std::string, int> tracks_of;  // by instrument code
};

// URMP's codes, strings first.
std::vector<std::string> instrument_codes();

// "auto", "fluidsynth" or "additive"; InputError otherwise.
SoundSource parse_sound_source(const std::string& name);
// "npy" or "openpose"; InputError otherwise.
PoseFiles parse_pose_files(const std::string& name);
// "stage" or "anywhere"; InputError otherwise.
Cameras parse_cameras(const std::string& name);
// "usual" or "varied"; InputError otherwise.
Habits parse_habits(const std::string& name);

// The same options give the same bytes at any number of threads (with fluidsynth: of the same
// version and bank), and a part does not depend on how many tracks are made. Pieces are made in
// OUT.unfinished, each atomically; the same call resumes there after an interruption, and OUT
// appears when all are done.
OrchestraReport make_orchestra(const OrchestraOptions& options);

}  // namespace minet::orchestra
