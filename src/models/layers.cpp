#include "models/layers.hpp"

#include <ATen/ATen.h>

#include "models/checks.hpp"

namespace minet::models {

torch::nn::Linear make_linear(std::int64_t in, std::int64_t out) {
  return torch::nn::Linear(torch::nn::LinearOptions(in, out));
}

torch::nn::LayerNorm make_layer_norm(std::int64_t width) {
  return torch::nn::LayerNorm(torch::nn::LayerNormOptions({width}).eps(1e-5));
}

torch::nn::ModuleList make_blocks(const BlockConfig& config) {
  torch::nn::ModuleList blocks;
  for (std::int64_t i = 0; i < config.layers; ++i) blocks->push_back(Block(config));
  return blocks;
}

at::Tensor body_of_steps(const at::Tensor& body, std::int64_t steps) {
  return body.dim() == 3 ? body : body.unsqueeze(1).expand({-1, steps, -1});
}

void check_codes(const at::Tensor& codes, std::int64_t count, const char* who) {
  require(codes.scalar_type() == at::kLong, who, " expected codes of type int64, got ",
          codes.scalar_type());
  if (!codes.is_cpu() || codes.numel() == 0) return;
  const std::int64_t low = codes.min().item<std::int64_t>(),
                     high = codes.max().item<std::int64_t>();
  require(low >= 0 && high < count, who, " expected codes from 0 to ", count - 1,
          ", got some from ", low, " to ", high);
}

}  // namespace minet::models
