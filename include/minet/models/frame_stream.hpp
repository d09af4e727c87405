// From the tokens of plus's prior to the frames of its synthesiser.
// Letters: B pieces side by side, n tokens of one call.
#pragma once

#include <ATen/core/Tensor.h>

#include "minet/models/plus.hpp"

namespace minet::models {

// Two frames a token: the second lies between two tokens, so it waits for the next one.
class FrameStream {
 public:
  explicit FrameStream(const config::TrainConfig& config) : config_(config) {}

  // The next tokens [B, n], on the CPU -> frames [B, 2 n - 1] of the first call and [B, 2 n] of
  // others, up to the first frame of the last token.
  SynthesiserInput add(const ControlTokens& tokens);
  // The second frame of the last token, [B, 1]. Only after `add`.
  SynthesiserInput finish() const;
  // Instead of `add`, for live use: a token [B, 1] -> both of its frames, [B, 2], which are alike,
  // so that its sound is there after one frame and not after two.
  SynthesiserInput add_live(const ControlTokens& token);

 private:
  // Pitch, voiced and loudness of tokens, [B, n] each.
  SynthesiserInput values_of(const ControlTokens& tokens);
  void remember(const SynthesiserInput& values);

  const config::TrainConfig& config_;
  at::Tensor hz_, voiced_, loudness_;  // [B, 1], of the last token
};

// The frames of whole pieces, [B, 2 n].
SynthesiserInput frames_of(const ControlTokens& tokens, const config::TrainConfig& config);

}  // namespace minet::models
