// libminet_cuda_graph.so: CUDA graphs. A library of its own, loaded by src/models/device_graph.cpp
// where a step is to be recorded, because it needs LibTorch's CUDA part, which other machines lack.
#include <ATen/cuda/CUDAGeneratorImpl.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAStream.h>

#include <map>

#include "minet/models/device_graph.hpp"

namespace {

// The default stream cannot be recorded; a second one must first wait for what that one has begun.
void leave_default_stream(c10::DeviceIndex device) {
  if (c10::cuda::getCurrentCUDAStream(device) != c10::cuda::getDefaultCUDAStream(device)) return;
  c10::cuda::device_synchronize();
  // Always the same one: cuBLAS keeps a workspace for each.
  thread_local std::map<c10::DeviceIndex, c10::cuda::CUDAStream> streams;
  auto found = streams.find(device);
  if (found == streams.end()) {
    found = streams.emplace(device, c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device))
                .first;
  }
  c10::cuda::setCurrentCUDAStream(found->second);
}

// LibTorch's graph leaves the generators and the allocator in the state of recording if that fails.
class Recording final : public at::cuda::CUDAGraph {
 public:
  void end() try { capture_end(); } catch (const c10::Error&) {
    for (auto& [state, count] : captured_generator_states_) state->capturing_ = false;
    if (capture_dev_ != UNDEFINED_DEVICE) give_back_memory();
    throw;
  }

 private:
  void give_back_memory() {
    using namespace c10::cuda::CUDACachingAllocator;
    for (auto* const end : {&endAllocateToPool, &releasePool}) {
      try {
        end(capture_dev_, mempool_id_);
      } catch (const c10::Error&) {  // it has been done
      }
    }
  }
};

class CudaGraph final : public minet::models::DeviceGraph {
 public:
  // Thread-local: threads that prepare batches may pin memory meanwhile. What earlier steps have
  // freed cannot be reused by a recording, and cannot be given back during one.
  void begin() override {
    c10::cuda::device_synchronize();
    c10::cuda::CUDACachingAllocator::emptyCache();
    graph_.capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
  }
  void end() override { graph_.end(); }
  void replay() override { graph_.replay(); }

 private:
  Recording graph_;
};

}  // namespace

// The caller owns the result.
extern "C" minet::models::DeviceGraph* minet_cuda_graph(int device) {
  c10::cuda::set_device(static_cast<c10::DeviceIndex>(device));
  leave_default_stream(static_cast<c10::DeviceIndex>(device));
  return new CudaGraph;
}
