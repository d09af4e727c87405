// Initial weights, drawn from a generator that is passed in and never from torch's global one.
#pragma once

#include <ATen/core/Generator.h>
#include <torch/nn/modules/linear.h>

#include <cstdint>

namespace minet::models {

inline constexpr double kTransformerDeviation = 0.02;  // GPT-1's

void draw_normal(const at::Tensor& target, double deviation, at::Generator generator);
void draw_uniform(const at::Tensor& target, double bound, at::Generator generator);  // +-bound
void draw_linear(torch::nn::Linear& linear, double deviation,
                 at::Generator generator);  // bias: 0

at::Generator make_cpu_generator(std::uint64_t seed);

// Restores the state of torch's default CPU generator: building torch's own layers advances it.
class DefaultGeneratorGuard {
 public:
  DefaultGeneratorGuard();
  ~DefaultGeneratorGuard();
  DefaultGeneratorGuard(const DefaultGeneratorGuard&) = delete;
  DefaultGeneratorGuard& operator=(const DefaultGeneratorGuard&) = delete;

 private:
  at::Tensor state_;
};

}  // namespace minet::models
