// Poses varied in training (config: augment): other builds and cameras, left-handed players, hands
// that a detector loses. Letters: B clips, P pose frames.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "minet/config/train_config.hpp"
#include "minet/models/peers.hpp"

namespace minet::training {

// poses [B, P, 94], normalised, on any device -> the same shape. What a clip gets follows from
// run.seed, `step` and its place in the batch alone, so that nothing has to be saved to go on, and
// is drawn on the CPU, so that no device matters. In this order: mirrored with hands exchanged;
// gaps of 0.2 to 1 s in a hand's fingers, which then go in a line from where they were last seen to
// where they are seen again, as seen from the wrist, or stay there at a clip's ends; size along x
// and along y; turned. Where all of them are 0, `poses` itself.
at::Tensor augmented(const at::Tensor& poses, const config::TrainConfig& config, std::int64_t step);
// The same for a part of the batch: the clips' places are those in the joined one.
at::Tensor augmented(const at::Tensor& poses, const config::TrainConfig& config, std::int64_t step,
                     const models::Part& part);

}  // namespace minet::training
