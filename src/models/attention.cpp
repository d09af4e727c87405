// Rotary positions, banded attention and the transformer block.
#include "minet/models/attention.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "models/checks.hpp"
#include "models/cpu/compute_paths.hpp"
#include "models/cpu/fused_attention.hpp"
#include "models/initialise.hpp"
#include "models/layers.hpp"

namespace minet::models {
namespace {

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

RotaryTable RotaryTable::slice(std::int64_t position) const {
  return {cosines.narrow(0, position - first, 1), sines.narrow(0, position - first, 1), position};
}

RotaryTable make_rotary(const RotaryShape& shape, const at::TensorOptions& options) {
  const auto exact = at::TensorOptions().dtype(at::kDouble).device(at::kCPU);
  const std::int64_t half = shape.head_width / 2;
  const at::Tensor turns =
      at::arange(half, exact).mul_(-2.0 / static_cast<double>(shape.head_width));
  const at::Tensor speeds = at::pow(10000.0, turns);  // [d / 2], radians per step
  const at::Tensor positions =
      at::arange(shape.first, shape.first + shape.count, exact).mul_(shape.spacing);  // [T]
  const at::Tensor angles = at::outer(positions, speeds);                             // [T, d / 2]
  return {angles.cos().to(options), angles.sin().to(options), shape.first};
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

at::Tensor SelfAttentionImpl::step(const at::Tensor& x, const RotaryTable& rotary, KeyValues& ring,
                                   std::int64_t position) {
  const auto qkv = split_heads(qkv_->forward(x), 3, config.heads);  // [B, h, 1, d] three times
  const std::int64_t slots = ring.keys.size(2), slot = position % slots;
  ring.keys.narrow(2, slot, 1).copy_(rotate(qkv[1], rotary));
  ring.values.narrow(2, slot, 1).copy_(qkv[2]);
  // The order of the slots does not matter: the keys carry their positions.
  const std::int64_t filled = std::min(position + 1, slots);
  const at::Tensor seen = at::scaled_dot_product_attention(
      rotate(qkv[0], rotary), ring.keys.narrow(2, 0, filled), ring.values.narrow(2, 0, filled));
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

at::Tensor CrossAttentionImpl::step(const at::Tensor& x, const RotaryTable& rotary,
                                    const KeyValues& memory, std::int64_t position) {
  const std::int64_t reach = config.band.context - 1;
  const std::int64_t all = memory.keys.size(2);
  const std::int64_t from = config.whole_memory ? 0 : std::max<std::int64_t>(0, position - reach);
  const std::int64_t to = config.whole_memory ? all : std::min(all, position + reach + 1);
  const at::Tensor q = split_heads(q_->forward(x), 1, config.heads)[0];  // [B, h, 1, d]
  const at::Tensor seen =
      at::scaled_dot_product_attention(rotate(q, rotary), memory.keys.narrow(2, from, to - from),
                                       memory.values.narrow(2, from, to - from));
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
    cache.cross_first = rotary.first;
  }
  return cache;
}

at::Tensor BlockImpl::step(at::Tensor x, const RotaryTable& rotary, BlockCache& cache,
                           std::int64_t position, const at::Tensor& present) {
  x = x + attention_->step(norm1_->forward(x), rotary, cache.self, position);  // [B, 1, W]
  if (cache.cross.keys.defined()) {
    const at::Tensor seen =
        cross_->step(norm_cross_->forward(x), rotary, cache.cross, position - cache.cross_first);
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
