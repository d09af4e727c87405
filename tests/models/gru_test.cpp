#include "models/gru.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "minet/models/plus.hpp"

namespace minet::models {
namespace {

TEST(Gru, ALongInputRunPieceByPieceGivesWhatOneCallGives) {
  torch::manual_seed(1);
  torch::nn::GRU gru = make_gru({.in = 3, .hidden = 4, .layers = 2, .both_ways = true});
  const at::NoGradGuard no_grad;
  for (const std::int64_t steps :
       {std::int64_t{1}, std::int64_t{100}, kFramesOfCall, kFramesOfCall + 1, 3 * kFramesOfCall}) {
    const at::Tensor input = torch::randn({2, steps, 3});
    const at::Tensor whole = std::get<0>(gru->forward(input));
    const at::Tensor pieces = outputs_both_ways(gru, input);
    ASSERT_EQ(pieces.sizes(), whole.sizes());
    EXPECT_TRUE(torch::allclose(pieces, whole, 1e-5, 1e-6)) << steps;
  }
}

TEST(Motion, OfALongRecordingIsThatOfOneCall) {
  torch::manual_seed(1);
  config::TrainConfig config;
  config.plus.motion_hidden = 4;
  Motion motion(config);
  const std::int64_t frames = 2 * kFramesOfCall + 100;
  const at::Tensor pose = torch::randn({1, frames, 94}).cumsum(1) * 0.01;
  const at::Tensor body = torch::randn({1, config.body_width()});
  const auto forward = [&] { return motion->forward(pose, body, frames / 2, 2.0); };
  const at::Tensor whole = forward().detach();  // with gradients, in a single call
  const at::NoGradGuard no_grad;
  EXPECT_TRUE(torch::allclose(forward(), whole, 1e-5, 1e-5));
}

}  // namespace
}  // namespace minet::models
