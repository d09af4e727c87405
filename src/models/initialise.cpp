// Initial weights from a private generator.
#include "models/initialise.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>

#include <mutex>

namespace minet::models {

void draw_normal(const at::Tensor& target, double deviation, at::Generator generator) {
  const at::NoGradGuard no_grad;
  // normal_ draws the same values regardless of memory layout only into contiguous CPU memory.
  at::Tensor drawn = at::empty(target.sizes(), target.options().device(at::kCPU));
  drawn.normal_(0, deviation, std::move(generator));
  target.copy_(drawn);
}

void draw_uniform(const at::Tensor& target, double bound, at::Generator generator) {
  const at::NoGradGuard no_grad;
  at::Tensor drawn = at::empty(target.sizes(), target.options().device(at::kCPU));
  drawn.uniform_(-bound, bound, std::move(generator));
  target.copy_(drawn);
}

void draw_linear(torch::nn::Linear& linear, double deviation, at::Generator generator) {
  draw_normal(linear->weight, deviation, std::move(generator));
  if (linear->bias.defined()) {
    const at::NoGradGuard no_grad;
    linear->bias.zero_();
  }
}

at::Generator make_cpu_generator(std::uint64_t seed) {
  return at::make_generator<at::CPUGeneratorImpl>(seed);
}

DefaultGeneratorGuard::DefaultGeneratorGuard() {
  at::Generator generator = at::detail::getDefaultCPUGenerator();
  const std::lock_guard<std::mutex> lock(generator.mutex());
  state_ = generator.get_state();
}

DefaultGeneratorGuard::~DefaultGeneratorGuard() {
  at::Generator generator = at::detail::getDefaultCPUGenerator();
  const std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_state(state_);
}

}  // namespace minet::models
