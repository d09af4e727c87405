// Width-3 convolution and (multi-band) residual block.
#include "minet/models/blocks.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "models/checks.hpp"
#include "models/cpu/winograd.hpp"
#include "models/initialise.hpp"

namespace minet::models {

Conv3Impl::Conv3Impl(const Conv3Config& given) : config(given) {
  require(config.groups >= 1 && config.in_channels >= 1 && config.out_channels >= 1 &&
              config.in_channels % config.groups == 0 && config.out_channels % config.groups == 0,
          "a convolution's channels (", config.in_channels, " in, ", config.out_channels,
          " out) must be multiples of its ", config.groups,
          " bands; change vqvae.channels or vqvae.bands");
  weight = register_parameter(
      "weight", at::zeros({config.out_channels, config.in_channels / config.groups, 3}));
  bias = register_parameter("bias", at::zeros({config.out_channels}));
}

at::Tensor Conv3Impl::forward(const at::Tensor& x) {
  return run(x, false);
}

at::Tensor Conv3Impl::forward_relu(const at::Tensor& x) {
  return run(x, true);
}

at::Tensor Conv3Impl::run(const at::Tensor& x, bool relu) {
  require(x.dim() == 3 && x.size(1) == config.in_channels, "a convolution expected [B, ",
          config.in_channels, ", T], got ", x.sizes());
  const ConvWeights weights{weight, bias, config.groups};
  if (winograd_fits(x, weights)) return winograd_conv(x, weights, relu);
  at::Tensor y = at::conv1d(x, weight, bias, /*stride=*/1, /*padding=*/1, /*dilation=*/1,
                            config.groups);  // [B, out, T]
  return relu ? y.relu_() : y;
}

void Conv3Impl::initialise(at::Generator generator) {
  // As torch.nn.Conv1d: kaiming_uniform(a = sqrt 5) of the weight amounts to this bound.
  const double fan_in = 3.0 * static_cast<double>(config.in_channels / config.groups);
  draw_uniform(weight, 1 / std::sqrt(fan_in), generator);
  draw_uniform(bias, 1 / std::sqrt(fan_in), generator);
}

ResidualBlockImpl::ResidualBlockImpl(const ResidualBlockConfig& given) : config(given) {
  const Conv3Config conv{
      .in_channels = config.channels, .out_channels = config.channels, .groups = config.bands};
  conv1_ = register_module("conv1", Conv3(conv));
  conv2_ = register_module("conv2", Conv3(conv));
}

at::Tensor ResidualBlockImpl::forward(const at::Tensor& x) {
  require(x.dim() == 3 && x.size(1) == config.channels, "a residual block expected [B, ",
          config.channels, ", T], got ", x.sizes());
  const ConvWeights first{conv1_->weight, conv1_->bias, config.bands};
  if (winograd_fits(x, first)) {
    return winograd_residual(x, first, {conv2_->weight, conv2_->bias, config.bands});
  }
  // In place, as the convolutions' gradients need no outputs: saves two buffers per block.
  return conv2_->forward(conv1_->forward_relu(x)).add_(x);  // [B, C, T]
}

void ResidualBlockImpl::initialise(at::Generator generator) {
  conv1_->initialise(generator);
  conv2_->initialise(generator);
}

}  // namespace minet::models
