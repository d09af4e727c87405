// The baselines that a VQ-VAE must beat: frame-wise PCA and k-means with as many codes, fitted in
// seconds without any training (no metric is reported without a baseline).
// The k-means is that of the codebook. Letters: M frames, F bins, D width, K codes.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "evaluation/scene.hpp"
#include "minet/audio/spectrogram.hpp"
#include "minet/clips/track_store.hpp"

namespace minet::evaluation {

struct FramePca {
  at::Tensor mean;   // [F]
  at::Tensor basis;  // [F, D], orthonormal columns

  at::Tensor project(const at::Tensor& frames) const;   // [M, F] -> [M, D]
  at::Tensor restore(const at::Tensor& vectors) const;  // [M, D] -> [M, F]
};
// The `width` directions (at most F) of largest variance.
FramePca fit_pca(const at::Tensor& frames /* [M, F] */, std::int64_t width);

struct FrameCodebook {
  FramePca pca;
  at::Tensor codes;  // [K, D]

  at::Tensor encode(const at::Tensor& frames) const;  // [M, F] -> [M] int64
  at::Tensor decode(const at::Tensor& codes) const;   // [M] -> [M, F]
};
// k-means on the projected frames; fewer codes if there are fewer frames.
FrameCodebook fit_codebook(const FramePca& pca, const at::Tensor& frames, std::int64_t codes,
                           std::uint64_t seed);

// Up to `count` standardised frames of the tracks, [M, F]: all of them if there are no more (whole
// clips), otherwise a quarter of the frames of clips at random places.
at::Tensor random_frames(const clips::TrackStore& tracks, const audio::SpectrogramScale& scale,
                         std::int64_t clip_frames, std::int64_t count, std::uint64_t seed);

// The codebook to compare a model's with: of the same width and size, fitted on the training split.
struct FrameBaselines {
  FrameCodebook codebook;
  std::int64_t frames = 0;  // that it was fitted on
};
void check_baseline_frames(std::int64_t count);  // InputError below 1; before anything is loaded
// InputError if no training track is as long as a clip.
FrameBaselines fit_frame_baselines(const Scene& scene, std::int64_t frames);

}  // namespace minet::evaluation
