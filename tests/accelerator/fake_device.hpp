// An accelerator that is none: torch's backend HPU, which LibTorch has no operators of, with
// operators that compute on the CPU. (torch::nn::Module::to() does not move parameters to
// PrivateUse1.) It shows what would be wrong or slow on a GPU, on a machine that has none:
//   - its memory cannot be read or written where a tensor says that it is: a raw pointer into it
//   ends the
//     process. The bytes lie elsewhere, and only its own copies know where;
//   - it counts what a GPU would make the host wait for, and operators that mix devices.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <map>
#include <string>

namespace minet::accelerator {

// The device; registers the backend at the first call, for the whole process.
at::Device fake_device();

struct Traffic {
  // The host needs a value: item(), copies to the CPU, results whose shape depends on values. By
  // operator.
  std::map<std::string, std::int64_t> reads;
  // Copies from the CPU, which wait for what the device does before them (the memory is not
  // pinned).
  std::int64_t writes = 0;
  // Operators that were given tensors of the device and of the CPU, other than single numbers.
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
