// Batches made in background threads while training uses earlier ones.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <utility>

namespace minet::clips {

// make(first), make(first + 1), ... make(end - 1), returned in this order; each runs in its own
// thread, `ahead` at a time.
template <class Batch>
class Prefetch {
 public:
  using Make = std::function<Batch(std::int64_t)>;
  Prefetch(Make make, std::int64_t first, std::int64_t end, int ahead)
      : make_(std::move(make)), next_(first), end_(end) {
    for (int i = 0; i < ahead; ++i) start();
  }
  Batch take() {
    Batch batch = pending_.front().get();
    pending_.pop_front();
    start();
    return batch;
  }

 private:
  void start() {
    if (next_ >= end_) return;
    pending_.push_back(std::async(std::launch::async, make_, next_++));
  }
  Make make_;
  std::int64_t next_, end_;
  std::deque<std::future<Batch>> pending_;
};

// A GPU consumes batches faster than one thread makes them.
inline int batches_ahead(const at::Device& device) {
  return device.is_cpu() ? 1 : 6;
}

// A tensor on its way to a GPU is put into pinned memory, which the GPU reads by itself, so that
// the copy is asynchronous.
inline at::Tensor staged(const at::Tensor& tensor, const at::Device& device) {
  return device.is_cpu() || !tensor.defined() ? tensor : tensor.pin_memory();
}
inline at::Tensor moved(const at::Tensor& tensor, const at::Device& device) {
  return tensor.defined() ? tensor.to(device, /*non_blocking=*/true) : tensor;
}

}  // namespace minet::clips
