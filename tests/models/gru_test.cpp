#include "models/gru.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace minet::models {
namespace {

TEST(Gru, ALongInputRunPieceByPieceGivesWhatOneCallGives) {
  torch::manual_seed(1);
  torch::nn::GRU gru = make_gru({.in = 3, .hidden = 4, .layers = 2, .both_ways = true});
  const at::NoGradGuard no_grad;
  for (const std::int64_t steps : {1, 100, 8192, 8193, 20000}) {
    const at::Tensor input = torch::randn({2, steps, 3});
    const at::Tensor whole = std::get<0>(gru->forward(input));
    const at::Tensor pieces = outputs_both_ways(gru, input);
    ASSERT_EQ(pieces.sizes(), whole.sizes());
    EXPECT_TRUE(torch::allclose(pieces, whole, 1e-5, 1e-6)) << steps;
  }
}

}  // namespace
}  // namespace minet::models
