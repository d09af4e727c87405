// The device on which tests against goldens run: in accelerator_test a fake one, elsewhere the CPU;
// with MINET_DEVICE=cuda a GPU. A function that each test program defines.
#pragma once

#include <c10/core/Device.h>

#include <optional>

namespace minet {

at::Device test_device();

// The one that MINET_DEVICE names, set to full float32; none without it.
std::optional<at::Device> named_device();

}  // namespace minet
