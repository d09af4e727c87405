// Rotary positions, banded attention and the transformer block.
#include "minet/models/attention.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "models/checks.hpp"
#include "models/cpu/compute_paths.hpp"
#include "models/cpu/fused_attention.hpp"
#include "models/initialise.hpp"
#include "models/layers.hpp"

namespace minet::models {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t kQueriesAtOnce = 256;  // at least; bounds the mask's size for long sequences

// True where step t (row) attends to step s (column).
at::Tensor band_mask(std::int64_t first_row, std::int64_t rows, std::int64_t first_column,
                     std::int64_t columns, const Band& band, const at::Device& device) {
  const auto options = at::TensorOptions().dtype(at::kLong).device(device);
  const at::Tensor t = at::arange(first_row, first_row + rows, options).unsqueeze(1);
  const at::Tensor s = at::arange(first_column, first_column + columns, options).unsqueeze(0);
  const at::Tensor back = t - s;  // [rows, columns]
  const at::Tensor near = back.lt(band.context);
  return band.causal ? near.logical_and_(back.ge(0)) : near.logical_and_(back.gt(-band.context));
}

// [B, T, n W] -> n tensors [B, h, T, d]
std::vector<at::Tensor> split_heads(const at::Tensor& x, std::int64_t parts, std::int64_t heads) {
  const std::int64_t width = x.size(2) / parts;
  return x.view({x.size(0), x.size(1), parts, heads, width / heads})
      .permute({2, 0, 3, 1, 4})
      .unbind(0);
}

// [B, h, T, d] -> [B, T, W]
at::Tensor join_heads(const at::Tensor& x) {
  return x.transpose(1, 2).reshape({x.size(0), x.size(2), x.size(1) * x.size(3)});
}

at::TensorOptions exact_on_cpu() {
  return at::TensorOptions().dtype(at::kDouble).device(at::kCPU);
}

// [d / 2], radians per step
at::Tensor rotary_speeds(std::int64_t head_width) {
  const at::Tensor turns = at::arange(head_width / 2, exact_on_cpu());
  return at::pow(10000.0, turns * (-2.0 / static_cast<double>(head_width)));
}

double residual_deviation(const BlockConfig& config) {
  return kTransformerDeviation / std::sqrt(2.0 * static_cast<double>(config.layers));
}

void check_x(const at::Tensor& x, std::int64_t width, const char* what) {
  require(x.dim() == 3 && x.size(2) == width, what, " expected [B, T, ", width, "], got ",
          x.sizes());
}

void check_heads(const BlockConfig& config) {
  require(config.heads >= 1 && config.width % (2 * config.heads) == 0, "a width of ", config.width,
          " cannot be shared by ", config.heads,
          " heads of even width; change the heads, vqvae.code_width or body.hidden");
  require(config.band.context >= 1, "expected a context of at least 1 step, got ",
          config.band.context);
}

}  // namespace

RotaryTable make_rotary(const RotaryShape& shape, const at::TensorOptions& options) {
  const at::Tensor positions =
      at::arange(shape.first, shape.first + shape.count, exact_on_cpu()).mul_(shape.spacing);
  const at::Tensor angles = at::outer(positions, rotary_speeds(shape.head_width));  // [T, d / 2]
  return {angles.cos().to(options), angles.sin().to(options)};
}

const RotaryTable& RotaryMemory::get(const RotaryShape& shape, const at::TensorOptions& given) {
  // The same table in autocast and outside of it: a recorded training step (device_graph.hpp) reads
  // it where it was, though validation computes in another precision.
  const at::TensorOptions options =
      given.dtype() == at::kBFloat16 ? given.dtype(at::kFloat) : given;
  const bool same = table_.size() > 0 && shape_ == shape &&
                    table_.cosines.device() == options.device() &&
                    table_.cosines.dtype() == options.dtype();
  if (!same) {
    shape_ = shape;
    table_ = make_rotary(shape, options);
  }
  return table_;
}

StepClock::StepClock(const StepShape& shape, const at::TensorOptions& options)
    : shape_(shape),
      options_(options),
      position_(at::zeros({1}, options.dtype(at::kLong))),
      speeds_(rotary_speeds(shape.head_width).to(options.device())),
      unwritten_(at::full({1, 1, 1, shape.context}, -kInfinity, options)) {
  // With a shorter memory, every step is inside every band.
  if (shape.memory > shape.context) {
    offsets_ = at::arange(std::min(shape.memory, 2 * shape.context - 1), position_.options());
  }
}

StepPlace StepClock::next() {
  StepPlace place;
  const at::Tensor angles = (position_ * speeds_).unsqueeze(0);  // [1, d / 2], in double
  place.rotary = {angles.cos().to(options_), angles.sin().to(options_)};
  place.slot = position_.remainder(shape_.context);
  unwritten_.index_fill_(3, place.slot, 0);
  place.unwritten = unwritten_;
  if (offsets_.defined()) {
    const std::int64_t reach = shape_.context - 1;
    const at::Tensor first = (position_ - reach).clamp_(0, shape_.memory - offsets_.size(0));
    const at::Tensor steps = first + offsets_;  // [n]
    const at::Tensor beyond = (steps - position_).abs_().gt(reach);
    place.far = at::zeros({1, 1, 1, steps.size(0)}, options_).masked_fill_(beyond, -kInfinity);
    if (offsets_.size(0) < shape_.memory) place.window = steps;
  }
  position_.add_(1);
  return place;
}

at::Tensor rotate(const at::Tensor& x, const RotaryTable& table) {
  const std::vector<at::Tensor> halves = x.chunk(2, -1);  // [B, h, T, d / 2] twice
  const at::Tensor &a = halves[0], &b = halves[1];
  const at::Tensor &c = table.cosines, &s = table.sines;  // [T, d / 2]
  return at::cat({a * c - b * s, a * s + b * c}, -1);     // [B, h, T, d]
}

at::Tensor banded_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            const Band& band) {
  const std::int64_t steps = q.size(2);
  require(k.size(2) == steps && v.size(2) == steps, "attention expected as many keys as queries (",
          steps, "), got ", k.size(2));
  if (steps <= band.context) {  // as in training: the band covers everything
    return at::scaled_dot_product_attention(q, k, v, {}, 0.0, band.causal);
  }
  const std::int64_t chunk = std::max(band.context, kQueriesAtOnce);
  std::vector<at::Tensor> pieces;
  for (std::int64_t first = 0; first < steps; first += chunk) {
    const std::int64_t rows = std::min(chunk, steps - first);
    const std::int64_t from = std::max<std::int64_t>(0, first - band.context + 1);
    const std::int64_t to =
        band.causal ? first + rows : std::min(steps, first + rows + band.context - 1);
    const at::Tensor mask = band_mask(first, rows, from, to - from, band, q.device());
    pieces.push_back(at::scaled_dot_product_attention(q.narrow(2, first, rows),
                                                      k.narrow(2, from, to - from),
                                                      v.narrow(2, from, to - from), mask));
  }
  return pieces.size() == 1 ? pieces.front() : at::cat(pieces, 2);  // [B, h, T, d]
}

SelfAttentionImpl::SelfAttentionImpl(const BlockConfig& given) : config(given) {
  check_heads(config);
  qkv_ = register_module("qkv", make_linear(config.width, 3 * config.width));
  out_ = register_module("out", make_linear(config.width, config.width));
}

at::Tensor SelfAttentionImpl::forward(const at::Tensor& x, const RotaryTable& rotary) {
  check_x(x, config.width, "attention");
  const at::Tensor projected = in_float(qkv_->forward(x));  // [B, T, 3W]
  if (fast_training_fits(projected) && x.size(1) <= config.band.context) {
    return out_->forward(
        fused_attention(projected, rotary, {.heads = config.heads, .causal = config.band.causal}));
  }
  const auto qkv = split_heads(projected, 3, config.heads);  // [B, h, T, d] three times
  return out_->forward(join_heads(
      banded_attention(rotate(qkv[0], rotary), rotate(qkv[1], rotary), qkv[2], config.band)));
}

at::Tensor SelfAttentionImpl::step(const at::Tensor& x, const StepPlace& place,
                                   const KeyValues& ring) {
  const std::int64_t batch = x.size(0), head_width = config.width / config.heads;
  const at::Tensor qkv = qkv_->forward(x).view({batch, 3, config.heads, 1, head_width});
  const at::Tensor rotated = rotate(qkv.narrow(1, 0, 2), place.rotary);  // [B, 2, h, 1, d]
  at::Tensor keys = ring.keys, values = ring.values;
  keys.index_copy_(2, place.slot, rotated.select(1, 1));
  values.index_copy_(2, place.slot, qkv.select(1, 2));
  // The order of the slots does not matter: the keys carry their positions.
  const at::Tensor seen =
      at::scaled_dot_product_attention(rotated.select(1, 0), keys, values, place.unwritten);
  return out_->forward(join_heads(seen));  // [B, 1, W]
}

void SelfAttentionImpl::initialise(at::Generator generator) {
  draw_linear(qkv_, kTransformerDeviation, generator);
  draw_linear(out_, residual_deviation(config), generator);
}

CrossAttentionImpl::CrossAttentionImpl(const BlockConfig& given) : config(given) {
  check_heads(config);
  q_ = register_module("q", make_linear(config.width, config.width));
  kv_ = register_module("kv", make_linear(config.width, 2 * config.width));
  out_ = register_module("out", make_linear(config.width, config.width));
}

KeyValues CrossAttentionImpl::key_values(const at::Tensor& memory, const RotaryTable& rotary) {
  check_x(memory, config.width, "cross-attention's memory");
  const auto kv = split_heads(kv_->forward(memory), 2, config.heads);  // [B, h, T, d] twice
  return {rotate(kv[0], rotary), kv[1]};
}

at::Tensor CrossAttentionImpl::forward(const at::Tensor& x, const at::Tensor& memory,
                                       const RotaryTable& rotary,
                                       const RotaryTable& memory_rotary) {
  check_x(x, config.width, "cross-attention");
  const at::Tensor projected = in_float(q_->forward(x));  // [B, T, W]
  // Queries and memory share one table of positions.
  const bool alike = memory_rotary.cosines.is_same(rotary.cosines) && memory.size(1) == x.size(1);
  if (fast_training_fits(projected) && alike && x.size(1) <= config.band.context) {
    check_x(memory, config.width, "cross-attention's memory");
    const at::Tensor seen =
        fused_attention(projected, in_float(kv_->forward(memory)), rotary, {.heads = config.heads});
    return at::dropout(out_->forward(seen), config.dropout, is_training());
  }
  const at::Tensor q = rotate(split_heads(projected, 1, config.heads)[0], rotary);
  const KeyValues kv = key_values(memory, memory_rotary);
  const at::Tensor seen =  // [B, h, T, d]
      config.whole_memory ? at::scaled_dot_product_attention(q, kv.keys, kv.values)
                          : banded_attention(q, kv.keys, kv.values,
                                             {.context = config.band.context, .causal = false});
  return at::dropout(out_->forward(join_heads(seen)), config.dropout, is_training());
}

at::Tensor CrossAttentionImpl::step(const at::Tensor& x, const StepPlace& place,
                                    const KeyValues& memory) {
  const at::Tensor q = rotate(split_heads(q_->forward(x), 1, config.heads)[0], place.rotary);
  const auto near = [&](const at::Tensor& all) {  // [B, h, n, d]
    return place.window.defined() ? all.index_select(2, place.window) : all;
  };
  const at::Tensor seen =
      place.far.defined()
          ? at::scaled_dot_product_attention(q, near(memory.keys), near(memory.values), place.far)
          : at::scaled_dot_product_attention(q, memory.keys, memory.values);
  return out_->forward(join_heads(seen));  // [B, 1, W]
}

void CrossAttentionImpl::initialise(at::Generator generator) {
  draw_linear(q_, kTransformerDeviation, generator);
  draw_linear(kv_, kTransformerDeviation, generator);
  draw_linear(out_, residual_deviation(config), generator);
}

BlockImpl::BlockImpl(const BlockConfig& given) : config(given) {
  norm1_ = register_module("norm1", make_layer_norm(config.width));
  attention_ = register_module("attention", SelfAttention(config));
  if (config.cross) {
    norm_cross_ = register_module("norm_cross", make_layer_norm(config.width));
    cross_ = register_module("cross", CrossAttention(config));
  }
  norm2_ = register_module("norm2", make_layer_norm(config.width));
  up_ = register_module("up", make_linear(config.width, config.ffn));
  down_ = register_module("down", make_linear(config.ffn, config.width));
}

at::Tensor BlockImpl::feed_forward(const at::Tensor& x) {
  return down_->forward(up_->forward(norm2_->forward(x)).relu_());
}

at::Tensor BlockImpl::forward(at::Tensor x, const RotaryTable& rotary, const CrossInput& content) {
  x = x + at::dropout(attention_->forward(norm1_->forward(x), rotary), config.dropout,
                      is_training());  // [B, T, W]
  if (config.cross && content.memory.defined()) {
    const RotaryTable& positions = content.rotary.size() > 0 ? content.rotary : rotary;
    const at::Tensor seen =
        cross_->forward(norm_cross_->forward(x), content.memory, rotary, positions);
    x = content.present.defined() ? at::addcmul(x, seen, content.present) : x + seen;
  }
  return x + at::dropout(feed_forward(x), config.dropout, is_training());  // [B, T, W]
}

BlockCache BlockImpl::start(std::int64_t batch, const at::Tensor& memory,
                            const RotaryTable& rotary) {
  const std::int64_t head_width = config.width / config.heads;
  const auto options = up_->weight.options().requires_grad(false);
  BlockCache cache;
  for (at::Tensor* part : {&cache.self.keys, &cache.self.values}) {
    *part = at::zeros({batch, config.heads, config.band.context, head_width}, options);
  }
  if (config.cross && memory.defined()) {
    cache.cross = cross_->key_values(memory, rotary);
    cache.cross.values = cache.cross.values.contiguous();
  }
  return cache;
}

at::Tensor BlockImpl::step(at::Tensor x, const StepPlace& place, const BlockCache& cache,
                           const at::Tensor& present) {
  x = x + attention_->step(norm1_->forward(x), place, cache.self);  // [B, 1, W]
  if (cache.cross.keys.defined()) {
    const at::Tensor seen = cross_->step(norm_cross_->forward(x), place, cache.cross);
    x = present.defined() ? at::addcmul(x, seen, present) : x + seen;
  }
  return x + feed_forward(x);  // [B, 1, W]
}

void BlockImpl::initialise(at::Generator generator) {
  attention_->initialise(generator);
  if (config.cross) cross_->initialise(generator);
  draw_linear(up_, kTransformerDeviation, generator);
  draw_linear(down_, residual_deviation(config), generator);
}

}  // namespace minet::models
