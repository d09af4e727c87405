// A fast CPU version of the transformer prior, one code at a time: equal to PriorImpl::step within
// 1e-4, from weights packed so that each step reads them once, without creating tensors on the way.
// Single-threaded; for large batches the caller can give each thread some of the rows.
// Letters: B batch, T codes, K codebook size, H body width, W prior width.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "minet/models/prior.hpp"

namespace minet::models {

class FastPrior {
 public:
  // False for a GRU prior, on a GPU, for weights that are not float32, and if W is not a multiple
  // of 16.
  static bool can_run(const Prior& prior);
  // Copies the weights.
  explicit FastPrior(Prior prior);
  // Shares the weights; `start` must be called.
  FastPrior(const FastPrior& other);
  FastPrior& operator=(const FastPrior&) = delete;
  ~FastPrior();

  // As PriorImpl::start.
  void start(std::int64_t batch, const ContentInput& content = {});
  // Replaces the notes from here on, for the same pieces: long notes need not be held whole. They
  // must reach back `context` - 1 steps from the next step, or to the first one.
  void go_on_with(const ContentInput& content);
  // `previous` [B], empty at the first step; body [B, H].
  void step(std::span<const std::int64_t> previous, std::span<const float> body);

  // The logits of one row of the last step, [K]; valid until the next one.
  std::span<const float> logits(std::int64_t row) const;
  // Samples a code of that row from softmax(logits * scale); `uniform` in [0, 1) decides.
  std::int64_t draw(std::int64_t row, float scale, double uniform);

 private:
  struct Weights;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace minet::models
