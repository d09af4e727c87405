// What the recurrent models share.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <torch/nn/modules/rnn.h>

#include <cstdint>

namespace minet::models {

struct GruShape {
  std::int64_t in = 1;
  std::int64_t hidden = 1;
  std::int64_t layers = 1;
  bool both_ways = false;
  double dropout = 0;  // between layers
};
torch::nn::GRU make_gru(const GruShape& shape);  // batch first

// Frames of a long recording that are worked on at a time, because nothing can stop one call: of an
// hour of keypoints it would take 6 s.
inline constexpr std::int64_t kFramesOfCall = 2048;

// The outputs of a bidirectional GRU, [B, T, in] -> [B, T, 2 h]; a long input piece by piece.
at::Tensor outputs_both_ways(torch::nn::GRU& gru, const at::Tensor& input);

// The same where each step is the last so far: forward in time over all, backward one step each.
// [B, T, in] -> [B, T, 2 h]. `state` [layers, B, h], of the steps before, is left for those after.
at::Tensor outputs_so_far(torch::nn::GRU& gru, const at::Tensor& input, at::Tensor& state);

// The last states of a bidirectional GRU, [2 layers, B, h] -> [layers, B, 2 h], forward then
// backward: what a decoder of twice the width starts from.
at::Tensor both_directions(const at::Tensor& states);

void draw_gru(torch::nn::GRU& gru, std::int64_t hidden, at::Generator generator);

}  // namespace minet::models
