// Streaming music from plus: sound frame by frame, each block joined to the one before it. Whole
// pieces of music are made by the same classes (generation/plus.hpp).
// Letters: B pieces side by side, n frames of one call, C width of the prior's condition.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "minet/core/random.hpp"
#include "minet/generation/sampling_options.hpp"
#include "minet/models/fast_controls.hpp"
#include "minet/models/plus.hpp"

namespace minet::generation {

// The synthesiser's part. It keeps its state between calls: the output does not depend on how the
// frames are divided among them, except for rounding.
class SoundStream {
 public:
  // `seed` seeds the noise. `model` must outlive this object.
  SoundStream(models::PlusModel& model, std::uint64_t seed);

  // The next frames [B, n], played with `body` [B, H]: returns the sound up to the last of them,
  // [B, n * hop]; in the first call it is one hop shorter.
  at::Tensor add(const models::SynthesiserInput& frames, const at::Tensor& body);
  // The last hop, [B, hop], in which the last frame is held. Only after `add`.
  at::Tensor finish();

 private:
  at::Tensor noise_of(const at::Tensor& bands /* [B, n, N] */);

  models::PlusModel& model_;
  at::Generator generator_;
  at::Tensor state_;           // of the synthesiser's GRU
  at::Tensor cycles_;          // [B, 1]
  at::Tensor hz_, harmonics_;  // [B, 1] and [B, 1, K], of the last frame
  at::Tensor tail_;            // [B, hop]: the last frame's noise that overlaps the next
  at::Tensor ready_;           // [B, ...]: filtered noise that has not been played yet
};

// The prior's part: samples onset, pitch and level, one frame after another.
class ControlStream {
 public:
  // Runs on the CPU from packed weights (models/fast_controls.hpp), wherever the model is: a GPU
  // would wait for the host three times per frame. With MINET_SAMPLER=torch it does.
  ControlStream(models::PlusModel& model, std::int64_t batch, const SamplingOptions& options);

  // The input of `next`, from the prior's condition, for any number of frames: [B, C] or [B, T, C].
  at::Tensor prepare(const at::Tensor& condition) const;

  // The tokens of the next frame, [B] each, on the device of `prepared`. `note` and `onset`, one
  // int64 per piece, force pitch and onset if given (models::NoteInput); -1: not forced.
  struct Forced {
    std::int64_t note = -1, onset = 0;
  };
  models::ControlTokens next(const at::Tensor& prepared /* [B, D] */,
                             const std::vector<Forced>& forced = {});

 private:
  using Logits = std::span<const float>;
  models::ControlTokens next_packed(const at::Tensor& prepared, const std::vector<Forced>& forced);
  template <class Choose>
  at::Tensor chosen(const at::Tensor& logits, const Choose& choose);
  std::int64_t pitch_of(std::size_t piece, std::int64_t note, Logits logits);
  std::int64_t drawn(std::size_t piece, Logits logits, const SamplingOptions& options);

  models::PlusModel& model_;
  std::unique_ptr<models::FastControls> fast_;  // null: LibTorch's operators
  SamplingOptions options_, level_options_;
  at::Tensor state_;
  std::vector<Random> random_;
  std::vector<std::int64_t> ringing_;  // the pitch of each piece's last note, until it falls silent
  models::ControlTokens last_;
};

}  // namespace minet::generation
