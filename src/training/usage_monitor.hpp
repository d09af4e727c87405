// How the codebook is used over the last steps, and a warning while there is time to act on it: a
// collapsed codebook does not come back by itself (paper section 3.2 starts and revives codes).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "minet/models/peers.hpp"
#include "minet/models/vector_quantizer.hpp"

namespace minet::training {

class UsageMonitor {
 public:
  // Of K codes. With `peers`, each of which sees its own, the windows are of all.
  explicit UsageMonitor(std::int64_t codes, models::Peers* peers = nullptr);
  // Codes [...] of a step. True, and logged, where the window that ends with this step used less
  // than a tenth of the codebook although it had four tokens a code to do it.
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
