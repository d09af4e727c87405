#include "support/test_device.hpp"

#include "accelerator/fake_device.hpp"

at::Device minet::test_device() {
  static const at::Device device = [] {
    const auto named = named_device();
    return named ? *named : accelerator::fake_device();
  }();
  return device;
}
