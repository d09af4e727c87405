// PCA and k-means on frames: exact where they must be, and worse with fewer codes.
#include "evaluation/frame_baselines.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "evaluation/support.hpp"
#include "minet/corpus/corpus.hpp"
#include "support/temp_folder.hpp"

namespace minet::evaluation {
namespace {

at::Tensor noise(std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
  at::Generator generator = at::detail::createCPUGenerator(seed);
  return at::randn({rows, columns}, generator);
}

double error(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).square().mean().item<double>();
}

TEST(FramePca, DataOfLowRankComeBackExactly) {
  const at::Tensor frames = noise(5000, 6, 1).mm(noise(6, 40, 2)) + 3;  // rank 6 and an offset
  const FramePca pca = fit_pca(frames, 6);
  EXPECT_LT(error(pca.restore(pca.project(frames)), frames), 1e-9);
  const FramePca too_narrow = fit_pca(frames, 5);
  EXPECT_GT(error(too_narrow.restore(too_narrow.project(frames)), frames), 1e-2);
}

TEST(FramePca, LeavesExactlyTheVarianceOfTheDirectionsThatItDrops) {
  const at::Tensor deviations = at::linspace(1, 2, 12);
  const at::Tensor frames = noise(20000, 12, 3) * deviations;
  const FramePca pca = fit_pca(frames, 4);
  const at::Tensor variances = std::get<0>(frames.var(at::IntArrayRef{0}, false).sort());
  const double dropped = variances.narrow(0, 0, 8).sum().item<double>() / 12;
  EXPECT_NEAR(error(pca.restore(pca.project(frames)), frames), dropped, 0.02 * dropped);
  EXPECT_LT(error(pca.basis.t().mm(pca.basis), at::eye(4)), 1e-10);
}

TEST(FramePca, AWidthBeyondTheBinsKeepsEverything) {
  const at::Tensor frames = noise(200, 8, 4);
  const FramePca pca = fit_pca(frames, 64);
  EXPECT_EQ(pca.basis.size(1), 8);
  EXPECT_LT(error(pca.restore(pca.project(frames)), frames), 1e-10);
}

TEST(FrameCodebook, FewerCodesAreWorse) {
  const at::Tensor frames = noise(4000, 10, 5);
  const FramePca pca = fit_pca(frames, 8);
  double before = 0;
  for (const std::int64_t codes : {256, 64, 16, 4, 1}) {
    const FrameCodebook codebook = fit_codebook(pca, frames, codes, 9);
    const double now = error(codebook.decode(codebook.encode(frames)), frames);
    EXPECT_GT(now, before) << codes << " codes";
    before = now;
  }
  EXPECT_NEAR(before, error(frames.mean(0).expand_as(frames), frames), 1e-6)
      << "one code must be the mean";
}

TEST(FrameCodebook, WithACodeForEachFrameItLosesNothing) {
  const at::Tensor frames = noise(30, 10, 6);
  const FrameCodebook codebook = fit_codebook(fit_pca(frames, 10), frames, 1024, 1);
  EXPECT_EQ(codebook.codes.size(0), 30);
  EXPECT_LT(error(codebook.decode(codebook.encode(frames)), frames), 1e-10);
}

TEST(RandomFrames, AreTheTracksOwnAndDependOnTheSeedOnly) {
  const TempFolder folder;
  const auto corpus = corpus::Corpus::open(make_corpus(folder.path(), {}));
  const config::TrainConfig config = small_config();
  const clips::TrackStore tracks(corpus, "train", config);
  const audio::SpectrogramScale scale = tracks.estimate_scale();
  const std::int64_t clip = config.clip_frames();
  const at::Tensor some = random_frames(tracks, scale, clip, 300, 1);
  ASSERT_EQ(some.sizes(), (std::vector<std::int64_t>{300, 512}));
  EXPECT_TRUE(some.equal(random_frames(tracks, scale, clip, 300, 1)));
  EXPECT_FALSE(some.equal(random_frames(tracks, scale, clip, 300, 2)));
  // Each is a frame of a track.
  for (const std::int64_t row : {0, 100, 299}) {
    double nearest = 1e9;
    for (std::int64_t track = 0; track < 4; ++track) {
      const at::Tensor whole = tracks.track_spectrogram(track, scale)[0].t();  // [T, F]
      nearest = std::min(nearest, (whole - some[row]).square().sum(1).min().item<double>());
    }
    EXPECT_LT(nearest, 1e-6) << row;
  }
  // 4 tracks of 9 s = 2 whole clips each; never more frames than exist, and standardised.
  const at::Tensor all = random_frames(tracks, scale, clip, 1'000'000, 1);
  EXPECT_EQ(all.size(0), 4 * 2 * clip);
  EXPECT_NEAR(all.var().item<double>(), 1, 0.2);
}

}  // namespace
}  // namespace minet::evaluation
