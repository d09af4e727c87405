// Helpers that the recurrent models share.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <torch/nn/modules/rnn.h>

#include <cstdint>
#include <tuple>

namespace minet::models {

struct GruShape {
  std::int64_t in = 1;
  std::int64_t hidden = 1;
  std::int64_t layers = 1;
  bool both_ways = false;
  double dropout = 0;  // between layers
};
torch::nn::GRU make_gru(const GruShape& shape);  // batch first

// Outputs [B, T, h] (2 h both ways) and last states [layers, B, h] ([2 layers, B, h]) from the
// first states, or from zeros. On a GPU the layers with dropout between them run one by one:
// cuDNN's own dropout makes the host wait in each step that seeds the generator, and cannot be
// recorded.
std::tuple<at::Tensor, at::Tensor> forward_through(torch::nn::GRU& gru, const at::Tensor& input,
                                                   const at::Tensor& states = {});

// Frames of a long recording processed per call, because a single call cannot be interrupted: for
// an hour of keypoints it would take 6 s.
inline constexpr std::int64_t kFramesOfCall = 2048;

// The outputs of a bidirectional GRU, [B, T, in] -> [B, T, 2 h]; long inputs piece by piece.
at::Tensor outputs_both_ways(torch::nn::GRU& gru, const at::Tensor& input);

// The same without looking ahead: forward over all steps, backward from zeros for one step each.
// [B, T, in] -> [B, T, 2 h]. `state` [layers, B, h], of the steps before, is updated for the next.
at::Tensor outputs_so_far(torch::nn::GRU& gru, const at::Tensor& input, at::Tensor& state);

// The last states of a bidirectional GRU, [2 layers, B, h] -> [layers, B, 2 h], forward then
// backward: the initial state of a decoder of twice the width.
at::Tensor both_directions(const at::Tensor& states);

void draw_gru(torch::nn::GRU& gru, std::int64_t hidden, at::Generator generator);

}  // namespace minet::models
