// The convolution blocks of the VQ-VAE (paper section 3.2): a width-3 convolution, and the residual
// block with or without bands. No normalisation, so that a chunk with a margin gives exactly the
// same result as the whole track.
// Letters: B batch, C channels, N bands, T frames.
#pragma once

#include <ATen/core/Generator.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <cstdint>

namespace minet::models {

struct Conv3Config {
  std::int64_t in_channels = 1;
  std::int64_t out_channels = 1;
  std::int64_t groups = 1;  // divides both channel counts
};

// Conv1d with kernel 3 and padding 1. `torch::nn::Conv1d` draws its weights from the global
// generator while it is built; this one stays zero until `initialise` or until weights are loaded.
// forward: x [B, in, T] -> [B, out, T]; when training on a CPU its memory layout is [B, T, out].
class Conv3Impl : public torch::nn::Module {
 public:
  explicit Conv3Impl(const Conv3Config& config);
  at::Tensor forward(const at::Tensor& x);
  at::Tensor forward_relu(const at::Tensor& x);  // max(0, forward(x))
  void initialise(at::Generator generator);      // PyTorch's default: uniform in +-1/sqrt(fan in)

  const Conv3Config config;
  at::Tensor weight;  // [out, in / groups, 3]
  at::Tensor bias;    // [out]

 private:
  at::Tensor run(const at::Tensor& x, bool relu);
};
TORCH_MODULE(Conv3);

struct ResidualBlockConfig {
  std::int64_t channels = 1;  // C
  std::int64_t bands = 1;     // N; 1: a plain residual block, more: a multi-band one (MBR)
};

// x + conv2(relu(conv1(x))). With N bands each block of C / N channels has its own weights,
// computed as one grouped convolution: N times fewer weights than a plain block.
// forward: x [B, C, T] -> [B, C, T]
class ResidualBlockImpl : public torch::nn::Module {
 public:
  explicit ResidualBlockImpl(const ResidualBlockConfig& config);
  at::Tensor forward(const at::Tensor& x);
  void initialise(at::Generator generator);

  const ResidualBlockConfig config;

 private:
  Conv3 conv1_{nullptr};  // weight [C, C / N, 3]
  Conv3 conv2_{nullptr};  // weight [C, C / N, 3]
};
TORCH_MODULE(ResidualBlock);

}  // namespace minet::models
