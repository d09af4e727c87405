// The whole of mi_generate: keypoints (and notes) -> wav and its sidecar.
//
// OUT.json, the sidecar, records everything needed to reproduce the sound: model (path, SHA-256 of
// its file), inputs, options, seed, codes, threads, device, processor capability, versions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "minet/audio/inversion.hpp"
#include "minet/generation/sampling.hpp"
#include "minet/pose/prepare.hpp"
#include "minet/score/notes.hpp"

namespace minet::generation {

struct GenerateOptions {
  std::filesystem::path model;  // run folder, or folder with model.safetensors
  std::filesystem::path pose;   // any keypoint file or folder; empty: those of `video`
  pose::ReadPoseOptions read_pose;
  pose::GapRule gaps = pose::GapRule::paper;
  std::optional<std::filesystem::path> notes;  // MIDI, URMP notes or notes.csv
  std::optional<std::filesystem::path>
      video;  // copied with the new sound to OUTPUT with its own extension; its
              // frames give the times for keypoints without times
  std::filesystem::path film_pose = {};  // set by generate(): the file of that video's keypoints
  bool overlay = false;                  // draw the skeleton on that copy; only if `pose` is empty
  bool overlay_notes = false;            // and what sounds: the notes of plus or the codes of paper
  score::ReadNotesOptions read_notes;    // which part of a MIDI file, and the transposition
  std::filesystem::path output;          // .wav or .flac
  int bits = 16;                         // of the output, or 24
  std::optional<double> loudness;        // target in LUFS (EBU R 128); default: unchanged
  std::optional<double> seconds;         // default: as long as the pose
  std::int64_t count = 1;                // pieces: OUT-1.wav, OUT-2.wav, ... if above 1
  SamplingChoice sampling;               // unset options follow the model's configuration
  std::optional<std::int64_t> iterations;  // of phase reconstruction; default: 16
  std::string device = "cpu";  // for the model, and for the networks that find keypoints
  int threads = 0;
  bool force = false;  // overwrite outputs
};

struct GenerateReport {
  std::vector<std::filesystem::path> files;  // written, in order
  double seconds = 0;                        // of sound, per piece
};

GenerateReport generate(const GenerateOptions& options);

// Reproduces the sound of a sidecar. With the same machine, threads and model file it is the same
// bit for bit; any difference in these is reported. `model` overrides the sidecar's path.
struct RepeatOptions {
  std::filesystem::path sidecar;
  std::optional<std::filesystem::path> model;
  std::filesystem::path output;
  std::string device = "cpu";
  int threads = 0;  // 0: the sidecar's
  bool force = false;
};
GenerateReport repeat(const RepeatOptions& options);

}  // namespace minet::generation
