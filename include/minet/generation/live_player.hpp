// Music from plus for a player whose pictures are still arriving: a token (32 ms) at a time, from
// what has been seen until then. Nothing of LibTorch is seen from here.
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
  // InputError where the model is not plus, its prior is not trained, or notes are given to one
  // that never saw any.
  explicit LivePlayer(const LivePlayerOptions& options);
  ~LivePlayer();
  LivePlayer(const LivePlayer&) = delete;
  LivePlayer& operator=(const LivePlayer&) = delete;

  int sample_rate() const;
  std::int64_t block() const;  // samples of a token
  double reached_s() const;    // after the beginning of a block its token sounds
  pose::CausalPose make_pose() const;

  // Draws the next token from the player as they are now, who must have been seen: the block of
  // sound that leads to it and stays there, in [-1, 1]. The first block begins with silence. Valid
  // until the next call.
  std::span<const float> next(pose::CausalPose& pose, double now_s);

  // Looks at the last seconds of the player again (h), if kWatchEvery has passed since it did: for
  // the time between two blocks.
  void watch(const pose::CausalPose& pose, double now_s);
  static constexpr double kWatchEvery = 0.5;  // s

  // What follows is no movement from what was before: after a pause.
  void forget_movement();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace minet::generation
