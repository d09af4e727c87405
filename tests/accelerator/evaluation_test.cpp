// NDB's products on the device give the same bins as on the CPU.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "accelerator/batches.hpp"
#include "evaluation/ndb_bins.hpp"
#include "evaluation/statistics/gram_kmeans.hpp"

namespace minet::accelerator {
namespace {

using Evaluation = OnDevice;

TEST_F(Evaluation, InnerProducts) {
  const at::Tensor clips = at::randn({600, 40});
  evaluation::GramMatrix here(600), far(600, device);
  for (std::int64_t first = 0; first < 40; first += 16) {
    const at::Tensor stripe = clips.narrow(1, first, std::min<std::int64_t>(16, 40 - first));
    here.add(stripe);
    far.add(stripe);
  }
  const at::Tensor wanted = here.finish(), found = far.finish();
  ASSERT_TRUE(found.is_cpu());
  EXPECT_LT((found - wanted).abs().max().item<double>(), 1e-4);
  EXPECT_LT((found - at::mm(clips, clips.t())).abs().max().item<double>(), 1e-4);
}

TEST_F(Evaluation, NearestBins) {
  const at::Tensor clips = at::randn({50, 8, 30}), centres = at::randn({7, 240});
  const std::vector<std::int64_t> found = evaluation::nearest_bins(there(centres), clips);
  EXPECT_EQ(found, evaluation::nearest_bins(centres, clips));
  const at::Tensor wanted = at::cdist(clips.flatten(1), centres).argmin(1);
  EXPECT_TRUE(at::tensor(found, at::kLong).equal(wanted));
}

}  // namespace
}  // namespace minet::accelerator
