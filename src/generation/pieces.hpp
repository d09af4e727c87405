// Shared by making music from codes and with plus: outputs, inputs and sidecars.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "generation/sidecar.hpp"
#include "minet/audio/sound.hpp"
#include "minet/generation/generate.hpp"
#include "minet/models/plus.hpp"
#include "minet/pose/pose.hpp"
#include "minet/score/note.hpp"

namespace minet::generation {

struct Outputs {
  std::filesystem::path wav, json, video;  // video: empty if not requested
};

// The outputs of each piece. InputError for invalid options and outputs.
std::vector<Outputs> checked_outputs(const GenerateOptions& options);
void check_output(const std::filesystem::path& wav, bool force);

// The normalised keypoints; notices are printed. Keypoints of a video are aligned to its clock.
pose::PoseSequence read_player(const GenerateOptions& options, const config::PoseConfig& config);
// Number of steps, `rate` per second, in the requested duration.
std::int64_t steps_of(const GenerateOptions& options, double rate, double pose_seconds);
double last_end_s(const std::vector<score::Note>& notes);  // when the last note ends
// InputError if `notes_trained` is false; `enabled`: whether the model could have learned notes.
std::vector<score::Note> read_asked_notes(const GenerateOptions& options, double seconds,
                                          bool enabled, bool notes_trained);

Sidecar sidecar_for(const std::filesystem::path& model, const at::Device& device);
void apply_gain(audio::Sound& sound, double gain_db);
// Writes a piece's sound, sidecar and video; `sidecar` gets the inputs and the gain. `roll`: the
// table of what sounds, for options.overlay_notes.
void write_piece(const GenerateOptions& options, const SamplingOptions& sampling,
                 std::int64_t piece, const Outputs& outputs, audio::Sound sound, Sidecar& sidecar,
                 const std::string& roll, GenerateReport& report);

// A plus model with a trained prior. InputError if only its synthesiser is trained.
models::PlusModel load_trained_plus(const std::filesystem::path& path);

// Music with plus.
GenerateReport generate_plus(const GenerateOptions& options, const std::vector<Outputs>& outputs,
                             const at::Device& device);
audio::Sound repeat_plus(const Sidecar& sidecar, const std::filesystem::path& model,
                         const std::filesystem::path& where, const at::Device& device);

}  // namespace minet::generation
