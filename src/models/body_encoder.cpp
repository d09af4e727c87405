// The body encoder's GRU.
#include "minet/models/body_encoder.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "models/checks.hpp"
#include "models/initialise.hpp"

namespace minet::models {

BodyEncoderImpl::BodyEncoderImpl(const config::BodyConfig& given) : config(given) {
  require(config.hidden >= 1 && config.layers >= 1, "a body encoder of ", config.layers,
          " layers of ", config.hidden, " cannot be; both must be at least 1");
  gru_ = register_module("gru", torch::nn::GRU(torch::nn::GRUOptions(kPoseValues, config.hidden)
                                                   .num_layers(config.layers)
                                                   .bidirectional(true)
                                                   .batch_first(true)));
}

at::Tensor BodyEncoderImpl::forward(const at::Tensor& pose) {
  require(pose.dim() == 3 && pose.size(2) == kPoseValues && pose.size(1) >= 1,
          "the body encoder expected keypoints [B, P, ", kPoseValues, "], got ", pose.sizes());
  const at::Tensor last = std::get<1>(gru_->forward(pose));     // [2 layers, B, H / 2]
  return at::cat({last.select(0, -2), last.select(0, -1)}, 1);  // [B, H]
}

void BodyEncoderImpl::initialise(at::Generator generator) {
  const double bound = 1 / std::sqrt(static_cast<double>(config.hidden));
  for (const at::Tensor& weight : gru_->parameters()) draw_uniform(weight, bound, generator);
}

}  // namespace minet::models
