#include "minet/models/device.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <dlfcn.h>

#include <array>
#include <filesystem>

#include "minet/core/errors.hpp"
#include "minet/core/log.hpp"
#include "minet/core/text.hpp"

namespace minet::models {
namespace {

// Why no GPU can be used; empty if one can. Loading the library registers the CUDA backend with the
// dispatcher; it stays for the process.
const std::string& cuda_problem() {
  static const std::string problem = []() -> std::string {
    if (::dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr) {
      return "this LibTorch is for CPUs only; scripts/setup.sh --cuda installs the other one";
    }
    try {
      if (!at::globalContext().hasCUDA())
        return "no NVIDIA driver, or one too old for this LibTorch";
      const auto count = at::globalContext().getAcceleratorHooksInterface(at::kCUDA).deviceCount();
      return count > 0 ? "" : "the driver shows no GPU (CUDA_VISIBLE_DEVICES?)";
    } catch (const c10::Error& error) {
      return error.what_without_backtrace();
    }
  }();
  return problem;
}

// From the driver, which LibTorch's CUDA part has loaded and initialised.
std::string card_name(int device) {
  using GetDevice = int(int* found, int ordinal);
  using GetName = int(char* name, int length, int device);
  void* const driver = ::dlopen("libcuda.so.1", RTLD_NOW);
  if (driver == nullptr) return "unknown card";
  auto* const get_device = reinterpret_cast<GetDevice*>(::dlsym(driver, "cuDeviceGet"));
  auto* const get_name = reinterpret_cast<GetName*>(::dlsym(driver, "cuDeviceGetName"));
  std::array<char, 256> name{};
  int found = 0;
  const bool known = get_device != nullptr && get_name != nullptr &&
                     get_device(&found, device) == 0 &&
                     get_name(name.data(), static_cast<int>(name.size()) - 1, found) == 0;
  return known ? name.data() : "unknown card";
}

// Falling back to the CPU is worth a warning only if the machine has an NVIDIA driver.
at::Device automatic_device() {
  if (cuda_problem().empty()) return {at::kCUDA, 0};
  if (std::filesystem::exists("/proc/driver/nvidia/version")) {
    log::warning(text("device auto: the CPU is used, though this machine has an NVIDIA driver: ",
                      cuda_problem()));
  }
  return at::kCPU;
}

}  // namespace

at::Device select_device(const std::string& name) {
  if (name == "cpu") return at::kCPU;
  if (name == "auto") return automatic_device();
  if (name == "cuda" || name.starts_with("cuda:")) {
    const auto index = name == "cuda" ? 0 : parse_integer(std::string_view(name).substr(5));
    if (index && *index >= 0 && *index < 128) {
      if (!cuda_problem().empty()) {
        throw InputError(text("device: expected a usable NVIDIA GPU for '", name, "', found none (",
                              cuda_problem(), "); use the device cpu"));
      }
      const auto count = at::globalContext().getAcceleratorHooksInterface(at::kCUDA).deviceCount();
      if (*index >= count) {
        throw InputError(text("device: expected cuda:0 to cuda:", count - 1,
                              " on this machine, got '", printable(name), "'"));
      }
      return {at::kCUDA, static_cast<at::DeviceIndex>(*index)};
    }
  }
  throw InputError("device: expected auto, cpu, cuda or cuda:N, got '" + printable(name) + "'");
}

std::string description_of(const at::Device& device) {
  if (!device.is_cuda()) return device.str();
  return text(device.str(), ", ", card_name(device.index()), ", cuDNN ",
              at::detail::getCUDAHooks().versionCuDNN());
}

void use_threads(int threads) {
  if (threads > 0) at::set_num_threads(threads);
}

}  // namespace minet::models
