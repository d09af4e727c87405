// The whole of mi_generate: keypoints (and notes) -> wav and its sidecar.
//
// OUT.json, the sidecar: what made the sound, enough to make it again: model (path, SHA-256 of
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
      video;  // copied with the new sound to OUTPUT with its extension; its
              // pictures give the times of keypoints that have none
  std::filesystem::path film_pose = {};  // set by generate(): the file of those keypoints
  bool overlay = false;        // the skeleton is drawn on that copy; only where `pose` is empty
  bool overlay_notes = false;  // and what sounds: plus's notes or paper's codes
  score::ReadNotesOptions read_notes;  // which part of a MIDI file, and how high
  std::filesystem::path output;        // .wav or .flac
  int bits = 16;                       // of the output, or 24
  std::optional<double> loudness;      // LUFS (EBU R 128) to bring it to; default: as it comes
  std::optional<double> seconds;       // default: as long as the pose
  std::int64_t count = 1;              // pieces: OUT-1.wav, OUT-2.wav, ... where above 1
  SamplingChoice sampling;             // the rest as the model's configuration says
  std::int64_t iterations = 16;        // of phase reconstruction
  std::string device = "cpu";          // of the model, and of the networks that find keypoints
  int threads = 0;
  bool force = false;  // overwrite outputs
};

struct GenerateReport {
  std::vector<std::filesystem::path> files;  // written, in order
  double seconds = 0;                        // of sound, each piece
};

GenerateReport generate(const GenerateOptions& options);

// Makes the sound of a sidecar again. With the same machine, threads and model file it is the same
// bit for bit; a difference in these is reported. `model` overrides the sidecar's path.
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
