#include "support/test_device.hpp"

at::Device minet::test_device() {
  static const at::Device device = named_device().value_or(c10::DeviceType::CPU);
  return device;
}
