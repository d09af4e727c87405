// Layers that several networks share.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include <cstdint>

#include "minet/models/attention.hpp"

namespace minet::models {

torch::nn::Linear make_linear(std::int64_t in, std::int64_t out);
torch::nn::LayerNorm make_layer_norm(std::int64_t width);      // eps 1e-5
torch::nn::ModuleList make_blocks(const BlockConfig& config);  // config.layers of them

// One body vector for every step: [B, H] -> [B, steps, H]; [B, T, H] is returned as is.
at::Tensor body_of_steps(const at::Tensor& body, std::int64_t steps);

// InputError unless the codes are int64 from 0 to count - 1; `who` expected them. Values are
// checked on the CPU only: elsewhere the check would wait for the device.
void check_codes(const at::Tensor& codes, std::int64_t count, const char* who);

}  // namespace minet::models
