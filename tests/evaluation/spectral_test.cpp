// The spectral measures against known answers and against NumPy (make_golden.py).
#include "evaluation/spectral.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "evaluation/support.hpp"
#include "minet/core/errors.hpp"

namespace minet::evaluation {
namespace {

const audio::SpectrogramScale kScale{.kind = config::LogScale::decibel,
                                     .reference = 50,
                                     .floor_db = -80,
                                     .mean = -60,
                                     .deviation = 15};

at::Tensor random_decibel(double low, double high) {  // [40, 32], dB of the reference
  at::Generator generator = at::detail::createCPUGenerator(5);
  return at::rand({40, 32}, generator) * (high - low) + low;
}

at::Tensor standardise(const at::Tensor& decibel) {
  return (decibel - kScale.mean) / kScale.deviation;
}

SpectralFigures compare(const audio::SpectrogramScale& scale, const at::Tensor& real,
                        const at::Tensor& estimate) {
  SpectralMeasures measures;
  measures.add(FrameViews(scale, real), FrameViews(scale, estimate));
  return measures.figures();
}

TEST(SpectralMeasures, APerfectReconstructionHasNoError) {
  const at::Tensor real = standardise(random_decibel(-80, 0));
  const SpectralFigures figures = compare(kScale, real, real.clone());
  EXPECT_EQ(figures.l2, 0);
  EXPECT_EQ(figures.log_spectral_distance_db, 0);
  EXPECT_EQ(figures.spectral_convergence_db, -200);
}

TEST(SpectralMeasures, SixDecibelEverywhereIsADistanceOfSixDecibel) {
  const at::Tensor decibel = random_decibel(-60, -10);
  const SpectralFigures figures = compare(kScale, standardise(decibel), standardise(decibel + 6));
  EXPECT_NEAR(figures.log_spectral_distance_db, 6, 1e-4);
  EXPECT_NEAR(figures.l2, 36.0 / (15 * 15), 1e-5);
  // |X - Y| / |X| = 10^(6/20) - 1
  EXPECT_NEAR(figures.spectral_convergence_db, 20 * std::log10(std::pow(10, 0.3) - 1), 1e-3);
}

TEST(SpectralMeasures, WhatLiesUnderTheFloorIsNotHeardAsADifference) {
  const SpectralFigures figures = compare(kScale, standardise(at::full({3, 32}, -80.0)),
                                          standardise(at::full({3, 32}, -140.0)));
  EXPECT_EQ(figures.log_spectral_distance_db, 0);
  EXPECT_GT(figures.l2, 15);
}

TEST(SpectralMeasures, TheDistanceIsAMeanOverFramesOfRootsOverBins) {
  const at::Tensor real = at::full({2, 4}, -40.0);
  at::Tensor estimate = real.clone();
  estimate[0][0] += 8;  // sqrt(64 / 4) = 4 dB in the first frame, 0 in the second
  const SpectralFigures figures = compare(kScale, standardise(real), standardise(estimate));
  EXPECT_NEAR(figures.log_spectral_distance_db, 2, 1e-4);
}

TEST(SpectralMeasures, SilenceInsteadOfSoundIsZeroDecibelOfConvergence) {
  const SpectralFigures figures = compare(kScale, standardise(random_decibel(-50, -10)),
                                          standardise(at::full({40, 32}, -80.0)));
  EXPECT_NEAR(figures.spectral_convergence_db, 0, 1e-4);
}

TEST(SpectralMeasures, PartsAddUpToTheWhole) {
  const at::Tensor real = standardise(random_decibel(-70, 0));
  const at::Tensor estimate = real + 0.3 * real.sin();
  SpectralMeasures parts;
  for (int first : {0, 10}) {
    const int count = first == 0 ? 10 : 30;
    parts.add(FrameViews(kScale, real.narrow(0, first, count)),
              FrameViews(kScale, estimate.narrow(0, first, count)));
  }
  const SpectralFigures whole = compare(kScale, real, estimate);
  EXPECT_EQ(parts.frames(), 40);
  EXPECT_NEAR(parts.figures().l2, whole.l2, 1e-9);
  EXPECT_NEAR(parts.figures().log_spectral_distance_db, whole.log_spectral_distance_db, 1e-6);
  EXPECT_NEAR(parts.figures().spectral_convergence_db, whole.spectral_convergence_db, 1e-6);
}

TEST(SpectralMeasures, TheDistanceIsTheSameOnALog1pScale) {
  const audio::SpectrogramScale log1p{.kind = config::LogScale::log1p,
                                      .reference = 50,
                                      .floor_db = -80,
                                      .mean = 0.4,
                                      .deviation = 0.7};
  const at::Tensor magnitude = at::pow(10, random_decibel(-60, -10) / 20) * 50;
  const auto to_scale = [](const at::Tensor& m) { return (m.log1p() - 0.4) / 0.7; };
  const SpectralFigures figures = compare(log1p, to_scale(magnitude), to_scale(magnitude * 2));
  EXPECT_NEAR(figures.log_spectral_distance_db, 20 * std::log10(2.0), 2e-3);
  // A network's output may match no magnitude: then the floor, not NaN.
  const SpectralFigures odd = compare(log1p, to_scale(magnitude), at::full({40, 32}, -30.0));
  EXPECT_TRUE(std::isfinite(odd.log_spectral_distance_db));
  EXPECT_GT(odd.log_spectral_distance_db, 15);
}

TEST(SpectralMeasures, TheDistanceIsNumPys) {
  for (const nlohmann::json& golden : golden_figures("sound.json")["scales"]) {
    const std::string kind = golden["kind"];
    const audio::SpectrogramScale scale{
        .kind = kind == "log1p" ? config::LogScale::log1p : config::LogScale::decibel,
        .reference = golden["reference"],
        .floor_db = -80,
        .mean = golden["mean"],
        .deviation = golden["deviation"]};
    const at::Tensor spectra = golden_array("spectra_" + kind + ".npy");  // [2, M, F]
    EXPECT_NEAR(compare(scale, spectra[0], spectra[1]).log_spectral_distance_db,
                golden["log_spectral_distance_db"], 1e-6)
        << kind;
  }
}

TEST(SpectralMeasures, NothingMeasuredIsAnError) {
  EXPECT_THROW(SpectralMeasures().figures(), WorkError);
}

TEST(FramesOf, PutsFramesIntoRows) {
  const at::Tensor spectrograms = at::arange(2 * 3 * 4, at::kFloat).view({2, 3, 4});  // [B, F, T]
  const at::Tensor frames = frames_of(spectrograms);
  ASSERT_EQ(frames.sizes(), (std::vector<std::int64_t>{8, 3}));
  EXPECT_TRUE(frames[5].equal(spectrograms[1].select(1, 1)));
}

}  // namespace
}  // namespace minet::evaluation
