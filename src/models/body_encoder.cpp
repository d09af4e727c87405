// The body encoder's GRU.
#include "minet/models/body_encoder.hpp"

#include <ATen/ATen.h>

#include "minet/models/precision.hpp"
#include "models/checks.hpp"
#include "models/cpu/compute_paths.hpp"
#include "models/cpu/fused_gru.hpp"
#include "models/gru.hpp"

namespace minet::models {

BodyEncoderImpl::BodyEncoderImpl(const config::BodyConfig& given) : config(given) {
  require(config.hidden >= 1 && config.layers >= 1, "a body encoder of ", config.layers,
          " layers of ", config.hidden, " cannot be made; both must be at least 1");
  gru_ = register_module("gru", make_gru({.in = kPoseValues,
                                          .hidden = config.hidden,
                                          .layers = config.layers,
                                          .both_ways = true}));
}

at::Tensor BodyEncoderImpl::forward(const at::Tensor& pose) {
  require(pose.dim() == 3 && pose.size(2) == kPoseValues && pose.size(1) >= 1,
          "the body encoder expected keypoints [B, P, ", kPoseValues, "], got ", pose.sizes());
  const NoAutocast exact;
  if (fast_training_fits(pose)) return fused_gru_states(pose, gru_->all_weights());
  return both_directions(std::get<1>(gru_->forward(pose)))[-1];  // [B, H]
}

void BodyEncoderImpl::initialise(at::Generator generator) {
  draw_gru(gru_, config.hidden, generator);
}

}  // namespace minet::models
