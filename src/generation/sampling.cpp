#include "minet/generation/sampling.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <string_view>
#include <thread>
#include <vector>

#include "generation/drawing.hpp"
#include "minet/models/fast_prior.hpp"
#include "minet/pose/prepare.hpp"
#include "models/cpu/compute_paths.hpp"

namespace minet::generation {

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
      // A code is kept while those before it hold less than top_p of what top_k left.
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

namespace {

constexpr std::int64_t kRowsTogether = 4;  // of a batch: one group of whole pieces after another,
                                           // so that their keys and values stay in the cache
constexpr std::int64_t kContextsOfNotes = 16;  // encoded together, so that long notes fit

// The content of some pieces, a stretch at a time if the content model allows it.
class Content {
 public:
  Content(const Drawing& drawing, std::int64_t first, std::int64_t rows)
      : model_(drawing.model),
        steps_(drawing.steps()),
        context_(drawing.model.config.prior.context),
        stretch_(steps_) {
    if (!drawing.notes.defined()) return;
    body_ = drawing.body.narrow(0, first, rows);
    notes_ = drawing.notes.narrow(0, first, rows);
    if (model_.content->reach()) stretch_ = kContextsOfNotes * context_;
  }

  // Whether the prior needs the next stretch before step t.
  bool begins(std::int64_t t) const { return notes_.defined() && t % stretch_ == 0; }
  // Everything that the steps of the stretch beginning at `t` attend to.
  models::ContentInput from(std::int64_t t) {
    const std::int64_t first = std::max<std::int64_t>(0, t - context_ + 1);
    const std::int64_t last = std::min(steps_, t + stretch_ + context_ - 1);
    const std::int64_t reach = model_.content->reach().value_or(steps_);
    const std::int64_t begin = std::max<std::int64_t>(0, first - reach);
    const std::int64_t end = std::min(steps_, last + reach);
    const at::Tensor memory = model_.content->forward(
        notes_.narrow(1, begin, end - begin), body_.narrow(1, begin, end - begin));  // [B, T, W]
    return {.memory = memory.narrow(1, first - begin, last - first).contiguous(), .first = first};
  }

 private:
  models::Model& model_;
  std::int64_t steps_, context_;
  std::int64_t stretch_;  // steps
  at::Tensor body_, notes_;
};

// Pieces first .. first + rows - 1, from beginning to end.
void draw_rows(models::FastPrior& prior, const Drawing& drawing, std::int64_t first,
               std::int64_t rows) {
  Content content(drawing, first, rows);
  std::vector<Random> random;
  for (std::int64_t r = 0; r < rows; ++r) random.push_back(drawing.random(first + r));
  const at::Tensor body =
      drawing.body.narrow(0, first, rows).transpose(0, 1).contiguous();  // [T, rows, H]
  const float* h = body.const_data_ptr<float>();
  const auto width = static_cast<std::size_t>(rows * body.size(2));
  const double temperature = drawing.options.temperature;
  const auto scale = static_cast<float>(temperature > 0 ? 1 / temperature : 0);
  const bool cut = drawing.options.top_k > 0 || drawing.options.top_p < 1;
  const bool plain = !cut && scale > 0 && std::isfinite(scale);
  auto drawn = drawing.codes.accessor<std::int64_t, 2>();
  std::vector<std::int64_t> previous;
  for (std::int64_t t = 0; t < drawing.steps(); ++t, h += width) {
    drawing.throw_if_stopped(t);
    if (t == 0) {
      prior.start(rows, content.begins(t) ? content.from(t) : models::ContentInput{});
    } else if (content.begins(t)) {
      prior.go_on_with(content.from(t));
    }
    prior.step(previous, {h, width});
    previous.resize(static_cast<std::size_t>(rows));
    for (std::int64_t r = 0; r < rows; ++r) {
      const double uniform = random[static_cast<std::size_t>(r)].uniform();
      const std::int64_t code =
          plain ? prior.draw(r, scale, uniform) : draw(prior.logits(r), drawing.options, uniform);
      drawn[first + r][t] = previous[static_cast<std::size_t>(r)] = code;
    }
    drawing.done(rows);
  }
}

}  // namespace

at::Tensor sample_codes(models::Model& model, const at::Tensor& body, const at::Tensor& notes,
                        const SamplingOptions& options,
                        const std::function<void(std::int64_t)>& progress) {
  check(options);
  at::NoGradGuard no_grad;
  const std::int64_t batch = body.size(0), steps = body.size(1);
  const bool packed = models::compute_paths().packed_sampling;
  if (packed && !body.is_cpu() && batch <= kRowsTogether * at::get_num_threads() &&
      model.config.prior.kind == config::PriorKind::transformer) {
    // On a GPU a step takes as long for one piece as for many, and longer than here.
    models::Model here = models::sampler_on_cpu(model);
    return sample_codes(here, body.cpu(), notes.defined() ? notes.cpu() : notes, options, progress);
  }
  model.prior->eval();
  if (!model.content.is_empty()) model.content->eval();
  std::atomic<std::int64_t> drawn{0};
  const auto caller = std::this_thread::get_id();
  const Drawing drawing{.model = model,
                        .body = body,
                        .notes = notes,
                        .options = options,
                        .codes = at::empty({batch, steps}, at::kLong),
                        .done = [&](std::int64_t rows) {
                          const std::int64_t all = drawn += rows;
                          if (progress && std::this_thread::get_id() == caller) {
                            progress(all / batch);
                          }
                        }};
  if (!packed || !models::FastPrior::can_run(model.prior)) {
    draw_by_torch(drawing);
    return drawing.codes;
  }
  const models::FastPrior prior(model.prior);
  const std::int64_t groups = (batch + kRowsTogether - 1) / kRowsTogether;
  at::parallel_for(0, groups, 1, [&](std::int64_t begin, std::int64_t end) {
    const at::NoGradGuard here;
    models::FastPrior mine(prior);
    for (std::int64_t group = begin; group < end; ++group) {
      const std::int64_t first = group * kRowsTogether;
      draw_rows(mine, drawing, first, std::min(kRowsTogether, batch - first));
    }
  });
  if (progress) progress(steps);
  return drawing.codes;
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
    const double start = std::min(static_cast<double>(w * clip) / config.frame_rate(), last_start);
    const std::vector<float> window = pose::pose_window(normalised, start, frames, config.pose.fps);
    row = std::copy(window.begin(), window.end(), row);
  }
  const at::Tensor h = model.body->forward(poses.to(model.device()));  // [windows, H]
  return h.repeat_interleave(clip, 0).narrow(0, 0, steps).unsqueeze(0);
}

}  // namespace minet::generation
