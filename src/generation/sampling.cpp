#include "minet/generation/sampling.hpp"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "minet/core/errors.hpp"
#include "minet/core/random.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"
#include "minet/pose/prepare.hpp"

namespace minet::generation {

void check(const SamplingOptions& options) {
  if (!(options.temperature >= 0) || !std::isfinite(options.temperature)) {
    throw InputError(
        text("--temperature: expected a number of at least 0, got ", options.temperature));
  }
  if (options.top_k < 0) {
    throw InputError(text("--top-k: expected 0 (all codes) or more, got ", options.top_k));
  }
  if (!(options.top_p > 0 && options.top_p <= 1)) {
    throw InputError(text("--top-p: expected a share above 0 and at most 1, got ", options.top_p));
  }
}

std::int64_t draw(std::span<const float> logits, const SamplingOptions& options, double uniform) {
  const auto codes = static_cast<std::int64_t>(logits.size());
  const auto best = std::max_element(logits.begin(), logits.end());
  if (options.temperature == 0) return best - logits.begin();

  std::vector<double> weights(logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i) {
    weights[i] = std::exp((static_cast<double>(logits[i]) - *best) / options.temperature);
  }
  const bool cut = (options.top_k > 0 && options.top_k < codes) || options.top_p < 1;
  if (cut) {
    std::vector<std::int64_t> order(logits.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
      return weights[static_cast<std::size_t>(a)] > weights[static_cast<std::size_t>(b)];
    });
    const std::int64_t most = options.top_k > 0 ? std::min(options.top_k, codes) : codes;
    double total = 0;
    for (std::int64_t i = 0; i < most; ++i)
      total += weights[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])];
    double held = 0;
    for (std::int64_t i = 0; i < codes; ++i) {
      double& weight = weights[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])];
      // A code stays while those before it do not yet hold top_p of what top_k left.
      if (i >= most || (i > 0 && held >= options.top_p * total)) {
        weight = 0;
      } else {
        held += weight;
      }
    }
  }
  const double target = uniform * std::accumulate(weights.begin(), weights.end(), 0.0);
  double sum = 0;
  std::int64_t last = best - logits.begin();
  for (std::int64_t i = 0; i < codes; ++i) {
    if (weights[static_cast<std::size_t>(i)] == 0) continue;
    sum += weights[static_cast<std::size_t>(i)];
    last = i;
    if (sum > target) break;
  }
  return last;
}

at::Tensor sample_codes(models::Model& model, const at::Tensor& body, const at::Tensor& notes,
                        const SamplingOptions& options,
                        const std::function<void(std::int64_t)>& progress) {
  check(options);
  at::NoGradGuard no_grad;
  model.eval();
  const std::int64_t batch = body.size(0), steps = body.size(1);
  models::ContentInput content;
  if (notes.defined()) content.memory = model.content->forward(notes, body);  // [B, T, W]
  models::PriorCache cache = model.prior->start(batch, content);

  std::vector<Random> random;
  for (std::int64_t b = 0; b < batch; ++b) {
    random.emplace_back(derive_seed(options.seed, "codes", static_cast<std::uint64_t>(b)));
  }
  at::Tensor codes = at::empty({batch, steps}, at::kLong);
  auto drawn = codes.accessor<std::int64_t, 2>();
  at::Tensor previous;
  for (std::int64_t t = 0; t < steps; ++t) {
    if (stop_signal() != 0) {
      throw Interrupted(text("stopped at code ", t, " of ", steps, "; nothing was written"),
                        stop_signal());
    }
    const at::Tensor logits = model.prior->step(cache, previous, body.select(1, t))
                                  .to(at::kCPU, at::kFloat)
                                  .contiguous();  // [B, K]
    const std::int64_t width = logits.size(1);
    for (std::int64_t b = 0; b < batch; ++b) {
      const float* row = logits.const_data_ptr<float>() + b * width;
      drawn[b][t] = draw({row, static_cast<std::size_t>(width)}, options,
                         random[static_cast<std::size_t>(b)].uniform());
    }
    previous = codes.select(1, t).to(body.device());
    if (progress) progress(t + 1);
  }
  return codes;
}

at::Tensor body_track(models::Model& model, const pose::PoseSequence& normalised,
                      std::int64_t steps) {
  at::NoGradGuard no_grad;
  model.eval();
  const config::TrainConfig& config = model.config;
  const std::int64_t clip = config.clip_frames(), frames = config.clip_pose_frames();
  const std::int64_t windows = (steps + clip - 1) / clip;
  at::Tensor poses = at::empty({windows, frames, pose::kPoseWidth}, at::kFloat);
  float* row = poses.mutable_data_ptr<float>();
  const double last_start = std::max(0.0, normalised.seconds() - config.data.clip_seconds);
  for (std::int64_t w = 0; w < windows; ++w) {
    const double start = std::min(static_cast<double>(w) * config.data.clip_seconds, last_start);
    const std::vector<float> window = pose::pose_window(normalised, start, frames, config.pose.fps);
    row = std::copy(window.begin(), window.end(), row);
  }
  const at::Tensor h = model.body->forward(poses.to(model.device()));  // [windows, H]
  return h.repeat_interleave(clip, 0).narrow(0, 0, steps).unsqueeze(0);
}

}  // namespace minet::generation
