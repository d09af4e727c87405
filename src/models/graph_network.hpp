// ST-GCN over the 47-joint skeleton (Yan et al. 2018, arXiv 1801.07455, with its spatial
// partitions): blocks of a graph convolution in space and a convolution in time.
// Letters: B batch, C channels, P pose frames, V = 47 joints.
#pragma once

#include <ATen/core/Generator.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/pimpl.h>

#include <cstdint>

#include "minet/config/train_config.hpp"

namespace minet::models {

inline constexpr std::int64_t kPartitions = 3;  // the joint itself, centripetal, centrifugal

// [3, V, V]: entry [k, v, w] is joint v's weight in joint w. Partition 0: w itself; 1: neighbours
// nearer to the neck; 2: neighbours further from it. Each column sums to 1 over all three (A D^-1
// of the skeleton with self-loops).
at::Tensor skeleton_partitions();

struct GraphBlockConfig {
  std::int64_t in = 1;
  std::int64_t out = 1;
  std::int64_t stride = 1;  // in time
  std::int64_t kernel = 9;  // in time
  bool residual = true;
  double dropout = 0;
};

// relu(shortcut(x) + dropout(norm2(temporal(relu(norm1(graph(x)))))))
// graph(x)[w] = sum over k, v of A[k, v, w] * edges[k, v, w] * spatial_k(x)[v]
class GraphBlockImpl : public torch::nn::Module {
 public:
  explicit GraphBlockImpl(const GraphBlockConfig& config);
  at::Tensor forward(const at::Tensor& x, const at::Tensor& partitions);  // [B, in, P, V] -> [B,
                                                                          // out, P / stride, V]
  void initialise(at::Generator generator);
  const GraphBlockConfig config;

 private:
  at::Tensor edges_;                               // [3, V, V]: learnable weights, initially 1
  torch::nn::Conv2d spatial_{nullptr};             // [3 out, in, 1, 1]
  torch::nn::BatchNorm2d norm1_{nullptr};          // out
  torch::nn::Conv2d temporal_{nullptr};            // [out, out, kernel, 1]
  torch::nn::BatchNorm2d norm2_{nullptr};          // out
  torch::nn::Conv2d shortcut_{nullptr};            // [out, in, 1, 1]; only if in differs from out
  torch::nn::BatchNorm2d norm_shortcut_{nullptr};  // out; likewise
};
TORCH_MODULE(GraphBlock);

class GraphNetworkImpl : public torch::nn::Module {
 public:
  explicit GraphNetworkImpl(const config::GraphTransformerConfig& config);
  at::Tensor forward(const at::Tensor& pose);      // [B, P, 94] -> [B, C, P / stride, V]
  std::int64_t stride() const { return stride_; }  // pose frames between output frames
  void initialise(at::Generator generator);

 private:
  at::Tensor partitions_;                    // [3, V, V]; a constant, not saved
  torch::nn::BatchNorm1d norm_in_{nullptr};  // 94: each coordinate of each joint
  torch::nn::ModuleList blocks_;
  std::int64_t stride_ = 1;
};
TORCH_MODULE(GraphNetwork);

}  // namespace minet::models
