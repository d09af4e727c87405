// Pose augmentation in training (config: augment): other builds, cameras and postures, left-handed
// players, bodies that sway, hands that a detector loses. Letters: B clips, P pose frames.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "minet/config/train_config.hpp"
#include "minet/models/peers.hpp"

namespace minet::training {

// poses [B, P, 94], normalised, on any device -> the same shape. The augmentation of a clip depends
// only on run.seed, `step` and its place in the batch, so that resuming needs no saved state, and
// is drawn on the CPU, so that the device does not matter. In this order: mirrored with hands
// exchanged; gaps of 0.2 to 1 s in a hand's fingers, interpolated linearly between the last and
// next positions relative to the wrist, or held at a clip's ends; upper arms, forearms and hands
// turned and scaled; slow movements of the arms and the body added; scaled along x and along y;
// rotated. If all of these are off, returns `poses` itself.
at::Tensor augmented(const at::Tensor& poses, const config::TrainConfig& config, std::int64_t step);
// The same for a part of the batch: a clip's place is that in the joined batch. The last `apart`
// frames are not the clip's movement, such as its mean posture: they have no gaps and no sway.
at::Tensor augmented(const at::Tensor& poses, const config::TrainConfig& config, std::int64_t step,
                     const models::Part& part, std::int64_t apart = 0);

}  // namespace minet::training
