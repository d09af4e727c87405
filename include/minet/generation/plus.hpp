// Music from plus (models/plus.hpp): controls drawn frame by frame, then harmonics and noise. No
// phase has to be found: it runs on from frame to frame.
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

// What a player is, and does.
struct PlusPlayer {
  at::Tensor body;    // [B, H]
  at::Tensor motion;  // [B, T, 2 * motion_hidden]
};

// Of whole clips, poses [B, P, 94].
PlusPlayer players_of(models::PlusModel& model, const at::Tensor& poses);
// Of a sequence of any length, B = 1: the body vector is the mean over its clips.
PlusPlayer player_of(models::PlusModel& model, const pose::PoseSequence& normalised,
                     std::int64_t frames);

// The notes of one piece as the prior takes them, B = 1.
models::NoteInput note_input(std::span<const score::Note> notes, const config::TrainConfig& config,
                             std::int64_t frames, double start_s = 0);

// [B, T] int64 each, on the CPU. With notes the pitch is theirs, and after a note its own or none;
// loudness is drawn in either case. Without, pass a NoteInput of undefined tensors. Each piece has
// its own random numbers: it is the same in a batch of any size.
models::ControlTokens draw_controls(models::PlusModel& model, const PlusPlayer& player,
                                    const models::NoteInput& notes, const SamplingOptions& options,
                                    const std::function<void(std::int64_t)>& progress = {});

// A recorded sound played again, as long: its own pitch and loudness (audio/controls.hpp) and the
// body vector [1, H].
audio::Sound play_again(models::PlusModel& model, const audio::Sound& recorded,
                        const at::Tensor& body, std::uint64_t seed);

// T * 2 * hop samples of each piece; made quieter where it would clip. `seed` is that of the noise.
std::vector<audio::Sound> play(models::PlusModel& model, const models::ControlTokens& tokens,
                               const at::Tensor& body, std::uint64_t seed);

}  // namespace minet::generation
