#include <cstdlib>

#include "minet/models/device.hpp"
#include "minet/models/precision.hpp"
#include "support/test_device.hpp"

std::optional<at::Device> minet::named_device() {
  const char* const name = std::getenv("MINET_DEVICE");
  if (name == nullptr) return std::nullopt;
  const at::Device device = models::select_device(name);
  models::use_precision(config::Precision::float32, device);
  return device;
}
