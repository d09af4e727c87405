// Samples codes from the prior, one after the other (ancestral sampling; paper section 3.3).
// Letters: B pieces side by side, T codes, K codebook size, H body width.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <span>

#include "minet/generation/sampling_options.hpp"
#include "minet/models/model.hpp"
#include "minet/pose/pose.hpp"

namespace minet::generation {

// One code from logits [K]; `uniform` in [0, 1) decides. Ties go to the lower index.
std::int64_t draw(std::span<const float> logits, const SamplingOptions& options, double uniform);

// body [B, T, H]; notes [B, T] int64, or undefined to play without notes -> codes [B, T] int64.
// Each piece of a batch has its own random numbers: piece b is the same in a batch of any size,
// except for rounding on a GPU. A model on a GPU samples batches of up to four pieces per CPU
// thread on the CPU, larger ones on the GPU (MINET_SAMPLER=torch: all). `progress`, if given, is
// called with the number of codes done.
at::Tensor sample_codes(models::Model& model, const at::Tensor& body, const at::Tensor& notes,
                        const SamplingOptions& options,
                        const std::function<void(std::int64_t)>& progress = {});

// The body vector of each step, [1, T, H]: h of the clip-long window of the pose that contains the
// step. The last window ends with the pose, so that it is complete; a pose shorter than a clip is
// extended with its last frame.
at::Tensor body_track(models::Model& model, const pose::PoseSequence& normalised,
                      std::int64_t steps);

}  // namespace minet::generation
