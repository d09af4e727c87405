#include "evaluation/frame_baselines.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <vector>

#include "evaluation/spectral.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/log.hpp"
#include "minet/core/random.hpp"
#include "minet/core/text.hpp"
#include "models/kmeans.hpp"

namespace minet::evaluation {
namespace {

constexpr std::int64_t kFitRows = 4096;  // frames per slice: 16 MiB at 1024 bins
constexpr std::int64_t kShare = 4;       // one in four of a clip's frames is taken

// Clips at starts drawn uniformly from all possible starts in all tracks.
std::vector<clips::Clip> random_clips(const clips::TrackStore& tracks, std::int64_t clip_frames,
                                      std::int64_t count, Random& random) {
  std::vector<std::int64_t> places;  // running sum by track
  std::int64_t total = 0;
  for (const std::int64_t frames : tracks.frames()) {
    total += std::max<std::int64_t>(0, frames - clip_frames + 1);
    places.push_back(total);
  }
  std::vector<clips::Clip> clips;
  for (std::int64_t i = 0; i < count && total > 0; ++i) {
    const auto place = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(total)));
    const auto track = std::upper_bound(places.begin(), places.end(), place) - places.begin();
    const std::int64_t before = track == 0 ? 0 : places[static_cast<std::size_t>(track - 1)];
    clips.push_back({.track = track, .first_frame = place - before});
  }
  return clips;
}

}  // namespace

at::Tensor FramePca::project(const at::Tensor& frames) const {
  return (frames - mean).mm(basis);
}

at::Tensor FramePca::restore(const at::Tensor& vectors) const {
  return at::addmm(mean, vectors, basis.t());
}

FramePca fit_pca(const at::Tensor& frames, std::int64_t width) {
  const std::int64_t count = frames.size(0), bins = frames.size(1);
  const at::Tensor mean = frames.mean(at::IntArrayRef{0}, false, at::kDouble).to(at::kFloat);
  at::Tensor scatter = at::zeros({bins, bins}, at::kDouble);
  for (std::int64_t first = 0; first < count; first += kFitRows) {
    const at::Tensor centred =
        frames.narrow(0, first, std::min(kFitRows, count - first)) - mean;  // [rows, F]
    scatter += centred.t().mm(centred);
  }
  // Eigenvalues are ascending: the last columns belong to the largest.
  const at::Tensor vectors = std::get<1>(at::linalg_eigh(scatter / static_cast<double>(count)));
  const std::int64_t kept = std::min(width, bins);
  return {.mean = mean,
          .basis = vectors.narrow(1, bins - kept, kept).flip({1}).to(at::kFloat).contiguous()};
}

at::Tensor FrameCodebook::encode(const at::Tensor& frames) const {
  return models::nearest_rows(pca.project(frames), codes);
}

at::Tensor FrameCodebook::decode(const at::Tensor& chosen) const {
  return pca.restore(codes.index_select(0, chosen));
}

FrameCodebook fit_codebook(const FramePca& pca, const at::Tensor& frames, std::int64_t codes,
                           std::uint64_t seed) {
  return {.pca = pca,
          .codes = models::kmeans(pca.project(frames),
                                  {.clusters = std::min(codes, frames.size(0)), .seed = seed})
                       .codes};
}

at::Tensor random_frames(const clips::TrackStore& tracks, const audio::SpectrogramScale& scale,
                         std::int64_t clip_frames, std::int64_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<clips::Clip> clips = choose_clips(tracks.frames(), clip_frames, 0);
  const bool all = static_cast<std::int64_t>(clips.size()) * clip_frames <= count;
  const std::int64_t per_clip = all ? clip_frames : std::max<std::int64_t>(1, clip_frames / kShare);
  if (!all) clips = random_clips(tracks, clip_frames, (count + per_clip - 1) / per_clip, random);
  std::vector<at::Tensor> parts;
  for_each_batch("baseline frames", clips, [&](std::size_t, const std::vector<clips::Clip>& some) {
    const at::Tensor spectrograms = tracks.spectrograms(some, scale);  // [B, F, T]
    for (std::int64_t i = 0; i < spectrograms.size(0); ++i) {
      std::vector<std::int64_t> order = random.permutation(clip_frames);
      order.resize(static_cast<std::size_t>(per_clip));
      std::sort(order.begin(), order.end());
      parts.push_back(spectrograms[i]
                          .index_select(1, at::tensor(order, at::kLong))
                          .t()
                          .contiguous());  // [per_clip, F]
    }
  });
  if (parts.empty()) return at::empty({0, 0});
  const at::Tensor frames = at::cat(parts);
  return frames.narrow(0, 0, std::min(count, frames.size(0)));
}

void check_baseline_frames(std::int64_t count) {
  if (count < 1) {
    throw InputError(text("baseline_frames: expected at least 1 training frame, got ", count));
  }
}

FrameBaselines fit_frame_baselines(const Scene& scene, std::int64_t baseline_frames) {
  const config::TrainConfig& config = scene.config();
  const EvalOptions& options = scene.options;
  const at::Tensor frames =
      random_frames(scene.train_tracks, scene.scale(), scene.clip_frames(), baseline_frames,
                    derive_seed(options.seed, "baseline frames"));
  if (frames.size(0) == 0) {
    throw InputError(text(options.corpus.string(), ": expected a track of at least ",
                          config.data.clip_seconds,
                          " s in split 'train' to fit the baselines, but all are shorter; prepare "
                          "longer recordings"));
  }
  log::debug("fitting PCA and k-means");
  const FramePca pca = fit_pca(frames, config.vqvae.code_width);
  return {.codebook = fit_codebook(pca, frames, config.vqvae.codes,
                                   derive_seed(options.seed, "baseline codebook")),
          .frames = frames.size(0)};
}

}  // namespace minet::evaluation
