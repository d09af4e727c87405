// Device operations that are recorded once and then repeated without the host launching each of
// them: a CUDA graph (https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs).
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "minet/core/errors.hpp"

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
// program, about which a warning is printed. On a GPU, the calling thread's work runs on a stream
// of its own from the first call on, because the default stream cannot be recorded.
std::unique_ptr<DeviceGraph> make_device_graph(const at::Device& device);

// Why something could not be recorded. Nothing has been computed then, so that the same work can be
// executed instead, if it changes tensors in place rather than replacing those that it reads.
struct RecordingError : WorkError {
  using WorkError::WorkError;
};

// The first runs create what is created once, on the stream that will be recorded.
inline constexpr int kRunsBeforeRecording = 3;

// Runs the same work again and again, from the fourth time on by a graph.
class RepeatedWork {
 public:
  // Without a graph, the host starts every operation of every run.
  explicit RepeatedWork(std::unique_ptr<DeviceGraph> graph) : graph_(std::move(graph)) {}
  bool records() const { return graph_ != nullptr; }
  // Whether this run was the one recorded. RecordingError if `work` cannot be.
  bool run(const std::function<void()>& work);

 private:
  void record(const std::function<void()>& work);

  std::unique_ptr<DeviceGraph> graph_;
  int runs_ = 0;
};

// Calls `step` `times` times, by a graph where the device can record it, and returns when the
// device has finished. `before`, if given, is called before each of them with the number done. If
// `step` cannot be recorded, a warning is printed.
void repeat(const at::Device& device, std::int64_t times, const std::function<void()>& step,
            const std::function<void(std::int64_t)>& before = {});

// How graphs are made for a type of device, if not as above. Empty: as above.
using DeviceGraphMaker = std::function<std::unique_ptr<DeviceGraph>(const at::Device&)>;
// Returns the maker it replaces.
DeviceGraphMaker set_device_graph_maker(c10::DeviceType type, DeviceGraphMaker make);

}  // namespace minet::models
