#include "models/graph_transformer.hpp"

#include <ATen/ATen.h>

#include <vector>

#include "minet/models/device_graph.hpp"
#include "models/initialise.hpp"
#include "models/layers.hpp"

namespace minet::models {

GraphTransformerImpl::GraphTransformerImpl(const config::TrainConfig& given) : BaselineImpl(given) {
  const config::GraphTransformerConfig& c = config.graph_transformer;
  const std::int64_t bins = config.spectrogram.bins;
  graph_ = register_module("graph", GraphNetwork(c));
  memory_ = register_module("memory", make_linear(c.blocks.back(), c.width));
  frame_ = register_module("frame", make_linear(bins, c.width));
  start_ = register_parameter("start", at::zeros({c.width}));
  blocks_ = register_module("blocks",
                            make_blocks({.width = c.width,
                                         .heads = c.heads,
                                         .ffn = c.ffn,
                                         .layers = c.layers,
                                         .dropout = c.dropout,
                                         .band = {.context = config.clip_frames(), .causal = true},
                                         .cross = true,
                                         .whole_memory = true}));
  norm_out_ = register_module("norm_out", make_layer_norm(c.width));
  head_ = register_module("head", make_linear(c.width, bins));
}

at::Tensor GraphTransformerImpl::remember(const at::Tensor& pose) {
  return memory_->forward(graph_->forward(pose).mean(3).transpose(1, 2));
}

RotaryTable GraphTransformerImpl::memory_positions(const at::Tensor& memory) {
  const double spacing =  // spectrogram frames
      static_cast<double>(graph_->stride()) * config.frame_rate() / config.pose.fps;
  return memory_rotary_.get(
      {.count = memory.size(1), .head_width = head_width(), .spacing = spacing}, memory.options());
}

at::Tensor GraphTransformerImpl::forward(const at::Tensor& pose, const at::Tensor& target) {
  check_target(pose, target);
  const std::int64_t batch = target.size(0), frames = target.size(2);
  const at::Tensor memory = remember(pose);  // [B, M, W]
  const at::Tensor before =
      frame_->forward(target.narrow(2, 0, frames - 1).transpose(1, 2));  // [B, T - 1, W]
  at::Tensor x = at::cat({start_.expand({batch, 1, -1}), before}, 1);    // [B, T, W]
  x = at::dropout(x, config.graph_transformer.dropout, is_training());
  const RotaryTable rotary =
      rotary_.get({.count = frames, .head_width = head_width()}, x.options());
  const CrossInput cross{.memory = memory, .rotary = memory_positions(memory)};
  for (const auto& module : *blocks_) {
    x = module->as<BlockImpl>()->forward(x, rotary, cross);  // [B, T, W]
  }
  return head_->forward(norm_out_->forward(x)).transpose(1, 2);  // [B, F, T]
}

at::Tensor GraphTransformerImpl::generate_frames(const at::Tensor& pose, std::int64_t frames) {
  const at::Tensor memory = remember(pose);  // [B, M, W]
  const RotaryTable positions = memory_positions(memory);
  std::vector<BlockCache> caches;
  for (const auto& module : *blocks_) {
    caches.push_back(module->as<BlockImpl>()->start(pose.size(0), memory, positions));
  }
  StepClock clock({.head_width = head_width(), .context = config.clip_frames()}, memory.options());
  const std::int64_t batch = pose.size(0);
  at::Tensor all = at::empty({batch, frames, config.spectrogram.bins}, memory.options());
  at::Tensor x = start_.expand({batch, 1, -1}).clone();  // [B, 1, W]
  const auto step = [&] {
    const at::Tensor position = clock.position().clone();
    const StepPlace place = clock.next();
    at::Tensor seen = x;
    for (std::size_t i = 0; i < caches.size(); ++i) {
      seen = blocks_[i]->as<BlockImpl>()->step(seen, place, caches[i], {});
    }
    const at::Tensor frame = head_->forward(norm_out_->forward(seen));  // [B, 1, F]
    all.index_copy_(1, position, frame);
    x.copy_(frame_->forward(frame));
  };
  repeat(pose.device(), frames, step);
  return all.transpose(1, 2);  // [B, F, T]
}

at::Tensor GraphTransformerImpl::pose_feature(const at::Tensor& pose) {
  return graph_->forward(pose).mean({2, 3});  // [B, C]
}

void GraphTransformerImpl::initialise(at::Generator generator) {
  graph_->initialise(generator);
  draw_linear(memory_, kTransformerDeviation, generator);
  draw_linear(frame_, kTransformerDeviation, generator);
  draw_normal(start_, kTransformerDeviation, generator);
  for (const auto& module : *blocks_) module->as<BlockImpl>()->initialise(generator);
  draw_linear(head_, kTransformerDeviation, generator);
}

}  // namespace minet::models
