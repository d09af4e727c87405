// Augmentations of posture and sway: the same movement in another posture, and a body that moves
// with the music. Letters: B clips, P pose frames, J joints.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "minet/core/random.hpp"

namespace minet::training {

// x and y of any shape [...] -> [..., 2], rotated; cosine and sine broadcast, and may be scaled.
at::Tensor rotated(const at::Tensor& x, const at::Tensor& y, const at::Tensor& cosine,
                   const at::Tensor& sine);

// The random draws for a batch, clip by clip.
struct ArmDraws {
  std::vector<float> angle, length;  // [B, 6]: rad and factor of upper arm, forearm and hand,
                                     // right then left
  std::vector<float> sway;           // [B, 9, P]: see with_sway

  void add_limbs(Random& random, double limbs);
  // The last `apart` frames do not sway.
  void add_sway(Random& random, double sway, std::int64_t frames, std::int64_t apart, double fps);
};

// xy [B, P, J, 2] -> the same shape. Turns each upper arm, forearm and hand about its joint and
// scales it, by the same for all frames of a clip.
at::Tensor with_limbs(const at::Tensor& xy, const ArmDraws& draws);

// xy [B, P, J, 2] -> the same shape. Shifts each arm (x and y of the right, then of the left), both
// arms together (x and y), turns all joints about the neck, and shifts all (x and y).
at::Tensor with_sway(const at::Tensor& xy, const ArmDraws& draws);

}  // namespace minet::training
