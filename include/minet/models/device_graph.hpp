// Device operations that are recorded once and then repeated without the host launching each of
// them: a CUDA graph (https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs).
#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <memory>

namespace minet::models {

// Operations must be the same every time: of the same shapes, on tensors that stay where they are,
// with no value that the host reads or computes. Random numbers come from the device's default
// generator, which may be seeded before each `replay`.
class DeviceGraph {
 public:
  virtual ~DeviceGraph() = default;
  // Between the two, the calling thread's operations on the device are recorded and not executed.
  // An operation for which the host would have to wait throws.
  virtual void begin() = 0;
  virtual void end() = 0;
  // Runs what was recorded. Its results have the same memory every time.
  virtual void replay() = 0;
};

// Null if the device cannot record: a CPU, or a GPU without libminet_cuda_graph.so beside the
// program, which prints a warning. On a GPU, the calling thread's work runs on a stream of its own
// from the first call on, because the default stream cannot be recorded.
std::unique_ptr<DeviceGraph> make_device_graph(const at::Device& device);

// How graphs are made for a type of device other than CPU and CUDA.
using DeviceGraphMaker = std::function<std::unique_ptr<DeviceGraph>(const at::Device&)>;
void set_device_graph_maker(c10::DeviceType type, const DeviceGraphMaker& make);

}  // namespace minet::models
