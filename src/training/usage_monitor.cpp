#include "training/usage_monitor.hpp"

#include <ATen/ATen.h>

#include <numeric>
#include <span>

#include "minet/core/log.hpp"
#include "minet/core/text.hpp"

namespace minet::training {

UsageMonitor::UsageMonitor(std::int64_t codes, models::Peers* peers)
    : codes_(codes), peers_(peers), histogram_(at::zeros({codes_}, at::kLong)) {}

bool UsageMonitor::see(const at::Tensor& codes, std::int64_t step) {
  const at::Tensor flat = codes.flatten();
  // Counted on the codes' device, and read once per window.
  if (histogram_.device() != flat.device()) histogram_ = histogram_.to(flat.device());
  histogram_.index_add_(0, flat, at::ones_like(flat));
  if (++steps_ % kWindow != 0) return false;
  if (peers_ != nullptr) peers_->sum(histogram_);
  const at::Tensor counts = histogram_.to(at::kCPU);
  const std::span<const std::int64_t> used(counts.const_data_ptr<std::int64_t>(),
                                           static_cast<std::size_t>(codes_));
  last_ = models::usage_of_histogram(used);
  const std::int64_t tokens = std::accumulate(used.begin(), used.end(), std::int64_t{0});
  const bool collapsing = tokens >= 4 * codes_ && last_.distinct * 10 < codes_;
  if (collapsing) {
    log::warning(text(
        "step ", step, ": the codebook is collapsing: ", last_.distinct, " of ", codes_,
        " codes used in the last ", kWindow,
        " steps; raise vqvae.plain_steps or vqvae.revive_threshold, or lower the learning rate"));
  }
  histogram_.zero_();
  return collapsing;
}

}  // namespace minet::training
