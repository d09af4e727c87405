// Music from plus (models/plus.hpp): controls are sampled frame by frame and rendered as harmonics
// and noise. No phase reconstruction is needed: phase continues from frame to frame.
// Letters: B pieces side by side, T frames of the prior (32 ms), H width of the body vector.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "minet/audio/sound.hpp"
#include "minet/generation/sampling.hpp"
#include "minet/models/plus.hpp"
#include "minet/pose/pose.hpp"
#include "minet/score/note.hpp"

namespace minet::generation {

// A player's body vector and movements.
struct PlusPlayer {
  at::Tensor body;    // [B, H]
  at::Tensor motion;  // [B, T, 2 * motion_hidden]
};

// From whole clips: poses [B, P, 94].
PlusPlayer players_of(models::PlusModel& model, const at::Tensor& poses);
// From a sequence of any length, B = 1: the body vector is the mean over its clips.
PlusPlayer player_of(models::PlusModel& model, const pose::PoseSequence& normalised,
                     std::int64_t frames);

// The notes of one piece in the form that the prior takes, B = 1.
models::NoteInput note_input(std::span<const score::Note> notes, const config::TrainConfig& config,
                             std::int64_t frames, double start_s = 0);

// [B, T] int64 each, on the CPU. With notes, the pitch is that of the note; after a note its pitch
// rings on or stops. Loudness is sampled in either case. Without notes, pass a NoteInput of
// undefined tensors. Each piece has its own random numbers: it is the same in a batch of any size.
models::ControlTokens draw_controls(models::PlusModel& model, const PlusPlayer& player,
                                    const models::NoteInput& notes, const SamplingOptions& options,
                                    const std::function<void(std::int64_t)>& progress = {});

// Resynthesises a recorded sound at the same length, from its own pitch and loudness
// (audio/controls.hpp) and the body vector [1, H].
audio::Sound play_again(models::PlusModel& model, const audio::Sound& recorded,
                        const at::Tensor& body, std::uint64_t seed);

// T * 2 * hop samples per piece, scaled down if they would clip. `seed` seeds the noise.
std::vector<audio::Sound> play(models::PlusModel& model, const models::ControlTokens& tokens,
                               const at::Tensor& body, std::uint64_t seed);

}  // namespace minet::generation
