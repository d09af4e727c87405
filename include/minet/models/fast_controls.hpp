// A fast CPU version of the prior of plus, one frame at a time: equal to ControlPriorImpl::advance
// and the logits after it within 1e-4, from packed weights, without creating tensors on the way.
// Single-threaded. Letters: B pieces side by side, C width of the condition.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "minet/models/plus.hpp"

namespace minet::models {

class FastControls {
 public:
  // False for weights that are not float32.
  static bool can_run(const ControlPrior& prior);
  // Copies the weights, also from a GPU. Starts before the first frame.
  FastControls(const ControlPrior& prior, std::int64_t batch);
  ~FastControls();
  FastControls(const FastControls&) = delete;
  FastControls& operator=(const FastControls&) = delete;

  // The contribution of the condition, on any device, to each frame, computed for many of them at
  // once: [B, T, C] -> [B, T, D] or [B, C] -> [B, D].
  at::Tensor prepare(const at::Tensor& condition) const;

  // Advances to the next frame, with prepared [B, D]. `onset`, `pitch`, `level` [B]: what was
  // sampled in the frame before, or empty at the first.
  void advance(std::span<const std::int64_t> onset, std::span<const std::int64_t> pitch,
               std::span<const std::int64_t> level, const at::Tensor& prepared);

  // Logits of a piece in this frame, in this order; each is valid until its next call.
  std::span<const float> onset_logits(std::int64_t piece);
  std::span<const float> free_onset_logits(std::int64_t piece);
  std::span<const float> pitch_logits(std::int64_t piece, std::int64_t onset);
  std::span<const float> free_pitch_logits(std::int64_t piece, std::int64_t onset);
  std::span<const float> level_logits(std::int64_t piece, std::int64_t onset, std::int64_t pitch);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace minet::models
