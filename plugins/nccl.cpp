// libminet_nccl.so: NCCL between GPUs. A library of its own, loaded by src/training/ranks.cpp where
// the ranks train on GPUs, because it needs LibTorch's CUDA part, which other machines lack.
#include <chrono>
#include <cstdint>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

// The caller owns one reference.
extern "C" c10d::Backend* minet_nccl_backend(const c10::intrusive_ptr<c10d::Store>& store, int rank,
                                             int size, std::int64_t timeout_ms) {
  auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = std::chrono::milliseconds(timeout_ms);
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, std::move(options))
      .release();
}
