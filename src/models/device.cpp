#include "minet/models/device.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <dlfcn.h>

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::models {
namespace {

// Loading the library registers the CUDA backend with the dispatcher; it stays for the process.
bool cuda_is_usable() {
  static const bool usable = [] {
    if (::dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr) return false;
    try {
      return at::globalContext().hasCUDA() &&
             at::globalContext().getAcceleratorHooksInterface(at::kCUDA).deviceCount() > 0;
    } catch (const c10::Error&) {
      return false;  // no NVIDIA driver
    }
  }();
  return usable;
}

}  // namespace

at::Device select_device(const std::string& name) {
  if (name == "cpu") return at::kCPU;
  if (name == "auto") return cuda_is_usable() ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU);
  if (name == "cuda" || name.starts_with("cuda:")) {
    const auto index = name == "cuda" ? 0 : parse_integer(std::string_view(name).substr(5));
    if (index && *index >= 0 && *index < 128) {
      if (!cuda_is_usable()) {
        throw InputError("device: expected a usable NVIDIA GPU for '" + name +
                         "', found none (a CPU-only LibTorch, or no driver); use the device cpu");
      }
      const auto count = at::globalContext().getAcceleratorHooksInterface(at::kCUDA).deviceCount();
      if (*index >= count) {
        throw InputError(text("--device: expected cuda:0 to cuda:", count - 1,
                              " on this machine, got '", printable(name), "'"));
      }
      return {at::kCUDA, static_cast<at::DeviceIndex>(*index)};
    }
  }
  throw InputError("device: expected auto, cpu, cuda or cuda:N, got '" + printable(name) + "'");
}

void use_threads(int threads) {
  if (threads > 0) at::set_num_threads(threads);
}

}  // namespace minet::models
