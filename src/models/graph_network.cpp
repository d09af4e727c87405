#include "models/graph_network.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <array>
#include <cmath>

#include "minet/models/peers.hpp"
#include "minet/pose/skeleton.hpp"
#include "models/checks.hpp"
#include "models/initialise.hpp"

namespace minet::models {
namespace {

constexpr std::int64_t kCoordinates = 2;  // x, y

torch::nn::Conv2d conv(std::int64_t in, std::int64_t out, std::int64_t kernel,
                       std::int64_t stride) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, {kernel, 1})
                               .stride({stride, 1})
                               .padding({(kernel - 1) / 2, 0}));
}

torch::nn::BatchNorm2d batch_norm(std::int64_t channels) {
  return torch::nn::BatchNorm2d(torch::nn::BatchNorm2dOptions(channels).eps(1e-5).momentum(0.1));
}

// x [B, C, ...], normalised with the mean and variance of the joined batch if other processes hold
// parts of it; LibTorch's own batch norm sees only this process's part.
template <class Norm>
at::Tensor normalised(Norm& norm, const at::Tensor& x) {
  if (!in_joint_step() || !norm->is_training()) return norm->forward(x);
  std::vector<std::int64_t> others, shape(static_cast<std::size_t>(x.dim()), 1);
  for (std::int64_t i = 0; i < x.dim(); ++i) {
    if (i != 1) others.push_back(i);
  }
  shape[1] = x.size(1);
  const double count = static_cast<double>(x.numel() / x.size(0) / x.size(1)) *
                       static_cast<double>(joint_size(x.size(0)));
  const at::Tensor mean = joint_sum(x.sum(others)) / count;  // [C]
  const at::Tensor centred = x - mean.view(shape);
  const at::Tensor variance = joint_sum(centred.square().sum(others)) / count;  // [C]
  {
    const at::NoGradGuard no_grad;
    const double momentum = *norm->options.momentum();
    norm->num_batches_tracked.add_(1);
    norm->running_mean.lerp_(mean, momentum);
    norm->running_var.lerp_(variance * (count / (count - 1)), momentum);
  }
  const at::Tensor scale = norm->weight / (variance + norm->options.eps()).sqrt();
  return centred * scale.view(shape) + norm->bias.view(shape);
}

void draw_conv(torch::nn::Conv2d& conv, at::Generator generator) {  // PyTorch's default
  const double bound = 1 / std::sqrt(static_cast<double>(conv->weight[0].numel()));
  draw_uniform(conv->weight, bound, generator);
  draw_uniform(conv->bias, bound, generator);
}

}  // namespace

at::Tensor skeleton_partitions() {
  constexpr int kJoints = pose::kJoints;
  std::array<int, kJoints> neighbours{};  // including the joint itself
  for (int& count : neighbours) count = 1;
  for (const auto& [parent, joint] : pose::kEdges) {
    ++neighbours[static_cast<std::size_t>(parent)];
    ++neighbours[static_cast<std::size_t>(joint)];
  }
  at::Tensor partitions = at::zeros({kPartitions, kJoints, kJoints});
  auto entries = partitions.accessor<float, 3>();
  const auto share = [&](int joint) {
    return 1.0F / static_cast<float>(neighbours[static_cast<std::size_t>(joint)]);
  };
  for (int joint = 0; joint < kJoints; ++joint) entries[0][joint][joint] = share(joint);
  // The skeleton is a tree with the neck as its root: a parent is nearer to it, a child further.
  for (const auto& [parent, joint] : pose::kEdges) {
    entries[1][parent][joint] = share(joint);
    entries[2][joint][parent] = share(parent);
  }
  return partitions;
}

GraphBlockImpl::GraphBlockImpl(const GraphBlockConfig& given) : config(given) {
  edges_ = register_parameter("edges", at::ones({kPartitions, pose::kJoints, pose::kJoints}));
  spatial_ = register_module("spatial", conv(config.in, kPartitions * config.out, 1, 1));
  norm1_ = register_module("norm1", batch_norm(config.out));
  temporal_ =
      register_module("temporal", conv(config.out, config.out, config.kernel, config.stride));
  norm2_ = register_module("norm2", batch_norm(config.out));
  if (config.residual && config.in != config.out) {
    shortcut_ = register_module("shortcut", conv(config.in, config.out, 1, config.stride));
    norm_shortcut_ = register_module("norm_shortcut", batch_norm(config.out));
  }
}

at::Tensor GraphBlockImpl::forward(const at::Tensor& x, const at::Tensor& partitions) {
  const at::Tensor mixed = spatial_->forward(x).view(
      {x.size(0), kPartitions, config.out, x.size(2), x.size(3)});  // [B, 3, out, P, V]
  at::Tensor y = at::einsum("bkcpv,kvw->bcpw", {mixed, partitions * edges_}).contiguous();
  y = temporal_->forward(normalised(norm1_, y).relu_());
  y = at::dropout(normalised(norm2_, y), config.dropout, is_training());  // [B, out, P / stride, V]
  if (!shortcut_.is_empty()) {
    y = y + normalised(norm_shortcut_, shortcut_->forward(x));
  } else if (config.residual) {
    y = y + x;
  }
  return y.relu();
}

void GraphBlockImpl::initialise(at::Generator generator) {
  draw_conv(spatial_, generator);
  draw_conv(temporal_, generator);
  if (!shortcut_.is_empty()) draw_conv(shortcut_, generator);
}

GraphNetworkImpl::GraphNetworkImpl(const config::GraphTransformerConfig& config)
    : partitions_(skeleton_partitions()) {
  constexpr std::int64_t kValues = kCoordinates * pose::kJoints;
  norm_in_ = register_module("norm_in", torch::nn::BatchNorm1d(kValues));
  blocks_ = register_module("blocks", torch::nn::ModuleList());
  std::int64_t in = kCoordinates;
  for (std::size_t i = 0; i < config.blocks.size(); ++i) {
    const std::int64_t out = config.blocks[i];
    const std::int64_t stride = i > 0 && out > in ? 2 : 1;  // as in the reference: where it widens
    blocks_->push_back(GraphBlock(GraphBlockConfig{.in = in,
                                                   .out = out,
                                                   .stride = stride,
                                                   .kernel = config.temporal_kernel,
                                                   .residual = i > 0,
                                                   .dropout = config.dropout}));
    stride_ *= stride;
    in = out;
  }
}

at::Tensor GraphNetworkImpl::forward(const at::Tensor& pose) {
  at::Tensor x = normalised(norm_in_, pose.transpose(1, 2));  // [B, 94, P]
  x = x.view({x.size(0), pose::kJoints, kCoordinates, x.size(2)})
          .permute({0, 2, 3, 1})
          .contiguous();                                                             // [B, 2, P, V]
  if (partitions_.device() != x.device()) partitions_ = partitions_.to(x.device());  // once
  for (const auto& module : *blocks_) {
    x = module->as<GraphBlockImpl>()->forward(x, partitions_);
  }
  return x;
}

void GraphNetworkImpl::initialise(at::Generator generator) {
  for (const auto& module : *blocks_) module->as<GraphBlockImpl>()->initialise(generator);
}

}  // namespace minet::models
