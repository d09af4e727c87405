// A fake accelerator: torch's HPU backend, for which LibTorch has no operators, with operators that
// compute on the CPU. (PrivateUse1 would not do: torch::nn::Module::to() does not move parameters
// to it.) It shows, without a GPU, what would be wrong or slow on one:
//   - its memory is inaccessible at the addresses that tensors report: dereferencing a raw pointer
//     ends the process. The bytes are elsewhere, where only its own copies find them;
//   - it counts the events for which the host would wait for a GPU, and operators that mix
//     devices;
//   - it records graphs (models/device_graph.hpp) with a GPU's restrictions: recording changes no
//     memory, and an operator that the host waits for ends it with an error.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <map>
#include <string>

namespace minet::accelerator {

// The device; the first call registers the backend for the whole process.
at::Device fake_device();

struct Traffic {
  // Per operator, how often the host needs a value: item(), copies to the CPU, results whose shape
  // depends on values.
  std::map<std::string, std::int64_t> reads;
  // Copies from the CPU, which wait for the device's earlier work (the memory is not
  // pinned).
  std::int64_t writes = 0;
  // Operators that the host launches, without those of a graph that is repeated.
  std::int64_t launches = 0;
  // Operators called with both device and CPU tensors; CPU scalars are allowed.
  std::map<std::string, std::int64_t> mixed;

  std::int64_t read_count() const {
    std::int64_t sum = 0;
    for (const auto& [name, count] : reads) sum += count;
    return sum;
  }
};
// Since the last call.
Traffic take_traffic();

}  // namespace minet::accelerator
