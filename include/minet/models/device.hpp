// Device selection. The CUDA library is loaded only on request, so that one program starts fast on
// a laptop and still uses a GPU if there is one.
#pragma once

#include <c10/core/Device.h>

#include <string>

namespace minet::models {

// "cpu", "cuda", "cuda:N", or "auto" (CUDA if a GPU is usable, else the CPU). InputError for any
// other text, and for "cuda" without a usable GPU.
at::Device select_device(const std::string& name);

// The device, and for a GPU what else its results depend on: "cpu", or "cuda:0, NVIDIA H200, cuDNN
// 91002".
std::string description_of(const at::Device& device);

// Sets the number of threads of LibTorch's operators; 0 leaves its default.
void use_threads(int threads);

}  // namespace minet::models
