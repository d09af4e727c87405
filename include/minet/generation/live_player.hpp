// Live music from plus for a player whose frames are still arriving: one token (32 ms) at a time,
// from what has been seen so far. This header does not expose LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "minet/generation/sampling_options.hpp"
#include "minet/pose/causal.hpp"
#include "minet/score/note.hpp"

namespace minet::generation {

struct LivePlayerOptions {
  std::filesystem::path model;                      // run folder, or folder with model.safetensors
  std::optional<std::vector<score::Note>> notes{};  // one voice, from the first token on
  SamplingChoice sampling{};
  int threads = 1;
};

class LivePlayer {
 public:
  // InputError if the model is not plus, its prior is not trained, or notes are given to one that
  // was trained without any.
  explicit LivePlayer(const LivePlayerOptions& options);
  ~LivePlayer();
  LivePlayer(const LivePlayer&) = delete;
  LivePlayer& operator=(const LivePlayer&) = delete;

  int sample_rate() const;
  std::int64_t block() const;  // samples per token
  double reached_s() const;    // time from the start of a block until its token is reached
  pose::CausalPose make_pose() const;

  // Samples the next token from the player as currently seen (pose.started() must be true): returns
  // the block of sound that moves to it and holds it, in [-1, 1]. The first block begins with
  // silence. Valid until the next call.
  std::span<const float> next(pose::CausalPose& pose, double now_s);

  // Updates the body vector h from the last seconds of the player, if kWatchEvery has passed since
  // the last update. To be called in the time between two blocks.
  void watch(const pose::CausalPose& pose, double now_s);
  static constexpr double kWatchEvery = 0.5;  // s

  // Forgets the last movement, so that what follows a pause is not taken as moving on from it.
  void forget_movement();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace minet::generation
