#include "minet/models/peers.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::models {
namespace {

thread_local Peers* current = nullptr;
thread_local Part current_part;

// A sum over all processes; the gradient of each process's tensor is the sum of all processes'
// gradients with respect to that sum.
struct SumOverPeers : torch::autograd::Function<SumOverPeers> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& own,
                            std::int64_t peers) {
    context->saved_data["peers"] = peers;
    at::Tensor all = own.detach().clone(at::MemoryFormat::Contiguous);
    reinterpret_cast<Peers*>(peers)->sum(all);
    return all;
  }
  // With a GPU autograd runs in a thread of its own, where `current` is not set.
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    at::Tensor all = gradients[0].clone(at::MemoryFormat::Contiguous);
    reinterpret_cast<Peers*>(context->saved_data["peers"].toInt())->sum(all);
    return {all, at::Tensor()};
  }
};

}  // namespace

Part part_of(const Peers* peers, std::int64_t batch) {
  if (peers == nullptr) return {.first = 0, .count = batch, .total = batch};
  const std::int64_t size = peers->size(), rank = peers->rank();
  if (batch < size) {
    throw InputError(text("expected a batch of at least one clip for each of ", size,
                          " processes, got ", batch, "; raise the batch or use fewer processes"));
  }
  const std::int64_t each = batch / size, more = batch % size;
  return {.first = rank * each + std::min(rank, more),
          .count = each + (rank < more ? 1 : 0),
          .total = batch};
}

JointStep::JointStep(Peers* peers, std::int64_t batch)
    : peers_before_(current), part_before_(current_part) {
  current = peers;
  current_part = part_of(peers, batch);
}

JointStep::~JointStep() {
  current = peers_before_;
  current_part = part_before_;
}

bool in_joint_step() {
  return current != nullptr;
}

at::Tensor joint_sum(const at::Tensor& own) {
  if (current == nullptr) return own;
  return SumOverPeers::apply(own, reinterpret_cast<std::int64_t>(current));
}

at::Tensor joint_rows(const at::Tensor& own) {
  if (current == nullptr) return own;
  const Part part = current_part;
  const auto empty = [&](std::int64_t clips) {
    std::vector<std::int64_t> shape = own.sizes().vec();
    shape[0] = clips * (own.size(0) / part.count);
    return at::zeros(shape, own.options().requires_grad(false));
  };
  return joint_sum(at::cat({empty(part.first), own, empty(part.total - part.first - part.count)}));
}

std::int64_t first_joint_row() {
  return current == nullptr ? 0 : current_part.first;
}

std::int64_t joint_size(std::int64_t own) {
  return current == nullptr ? own : current_part.total;
}

double own_share() {
  return current == nullptr ? 1 : current_part.share();
}

at::Tensor own_rows(const at::Tensor& drawn) {
  return current == nullptr ? drawn : drawn.narrow(0, current_part.first, current_part.count);
}

void copy_of_first(at::Tensor& tensor) {
  if (current != nullptr) current->copy_first(tensor);
}

}  // namespace minet::models
