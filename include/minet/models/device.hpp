// Where tensors live. CUDA's library is loaded only when it is asked for, so that one program
// starts fast on a laptop and still uses a GPU where there is one.
#pragma once

#include <c10/core/Device.h>

#include <string>

namespace minet::models {

// "cpu", "cuda", "cuda:N", or "auto" (CUDA where a GPU is usable, else the CPU). InputError for any
// other text, and for "cuda" without a usable GPU.
at::Device select_device(const std::string& name);

// Threads for LibTorch's operators; 0 leaves its default.

void use_threads(int threads);

}  // namespace minet::models
