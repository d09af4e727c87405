// Converts the tokens of plus's prior to the frames of its synthesiser.
// Letters: B pieces side by side, n tokens of one call.
#pragma once

#include <ATen/core/Tensor.h>

#include "minet/models/plus.hpp"

namespace minet::models {

// Two frames per token: the second lies halfway to the next token, so it has to wait for that.
class FrameStream {
 public:
  explicit FrameStream(const config::TrainConfig& config) : config_(config) {}

  // The next tokens [B, n], on the CPU -> frames [B, 2 n - 1] in the first call and [B, 2 n] in
  // others, up to the first frame of the last token.
  SynthesiserInput add(const ControlTokens& tokens);
  // The second frame of the last token, [B, 1]. Only after `add`.
  SynthesiserInput finish() const;
  // For live use instead of `add`: a token [B, 1] -> both of its frames, [B, 2], which are equal,
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
