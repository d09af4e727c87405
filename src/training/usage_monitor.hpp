// Codebook usage over the last steps, with a warning while there is time to act on it: a collapsed
// codebook does not recover by itself (paper section 3.2 initialises and revives codes).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "minet/models/peers.hpp"
#include "minet/models/vector_quantizer.hpp"

namespace minet::training {

class UsageMonitor {
 public:
  // For a codebook of K codes. With `peers`, windows cover the codes of all processes.
  explicit UsageMonitor(std::int64_t codes, models::Peers* peers = nullptr);
  // Codes [...] of a step. True, with a warning, if the window that ends with this step used less
  // than a tenth of the codebook although it had at least four tokens per code.
  bool see(const at::Tensor& codes, std::int64_t step);
  const models::CodeUsage& last() const { return last_; }  // of the last full window

  static constexpr std::int64_t kWindow = 100;  // steps

 private:
  std::int64_t codes_;
  models::Peers* peers_;
  at::Tensor histogram_;  // [K]
  std::int64_t steps_ = 0;
  models::CodeUsage last_;
};

}  // namespace minet::training
