// Attention with rotary positions inside a band of `context` steps, and the transformer block that
// prior and content share (GPT-1 style, norm first, ReLU). A step never attends further than the
// training clips were long, so any length works; long sequences are processed in chunks of queries,
// so that memory stays linear in T. Rotary positions: arXiv 2104.09864, halves layout.
// Letters: B batch, T steps, W width, h heads, d = W / h.
#pragma once

#include <ATen/core/Generator.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>
#include <torch/nn/pimpl.h>

#include <cstdint>

namespace minet::models {

// Cosines and sines of the rotary angles of consecutive positions.
struct RotaryTable {
  at::Tensor cosines;  // [T, d / 2]
  at::Tensor sines;    // [T, d / 2]
  std::int64_t size() const { return cosines.defined() ? cosines.size(0) : 0; }
};
struct RotaryShape {
  std::int64_t first = 0;  // absolute position of the first row
  std::int64_t count = 0;
  std::int64_t head_width = 2;  // d, even
  double spacing = 1;           // between rows: row i is at position (first + i) * spacing
  bool operator==(const RotaryShape&) const = default;
};
// Angles are computed in float64: positions may be large.
RotaryTable make_rotary(const RotaryShape& shape, const at::TensorOptions& options);
// make_rotary with a cache of the last table, because every training step asks for the same one.
class RotaryMemory {
 public:
  const RotaryTable& get(const RotaryShape& shape, const at::TensorOptions& options);

 private:
  RotaryShape shape_;
  RotaryTable table_;
};
// x [B, h, T, d] -> the same shape, pair (i, i + d/2) rotated by its angle.
at::Tensor rotate(const at::Tensor& x, const RotaryTable& table);

struct Band {
  std::int64_t context = 1;  // step t attends to s if |t - s| < context
  bool causal = false;       // and s <= t
};
// softmax(q k^T / sqrt(d)) v inside the band; q, k, v [B, h, T, d] -> [B, h, T, d].
at::Tensor banded_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            const Band& band);

struct BlockConfig {
  std::int64_t width = 2;  // W
  std::int64_t heads = 1;
  std::int64_t ffn = 1;
  std::int64_t layers = 1;  // of the whole stack: scales the initial weights of residual outputs
  double dropout = 0;
  Band band;
  bool cross = false;         // has cross-attention to a memory
  bool whole_memory = false;  // ... which is attended to as a whole and may have its own length
};

// Keys and values that a cached step attends to: a ring of `context` slots (self-attention), or the
// whole memory (cross-attention). Keys are already rotated.
struct KeyValues {
  at::Tensor keys;    // [B, h, slots, d]
  at::Tensor values;  // [B, h, slots, d]
};

// What a cached step needs to know of its position.
struct StepPlace {
  RotaryTable rotary;    // its row
  at::Tensor slot;       // [1] int64: where the ring holds it
  at::Tensor unwritten;  // [1, 1, 1, slots]: -infinity in slots not written yet, else 0
  at::Tensor window;     // [n] int64: the memory's steps around it; undefined: all
  at::Tensor far;        // [1, 1, 1, n]: -infinity for steps outside the band; undefined: none
};
struct StepShape {
  std::int64_t head_width = 2;
  std::int64_t context = 1;
  std::int64_t memory = 0;  // steps that cross-attention's band moves over; 0: there is no band
};
// Counts cached steps in a tensor on their device: the operators of a step are the same at every
// position, so that they can be recorded once and repeated (device_graph.hpp).
class StepClock {
 public:
  StepClock() = default;
  StepClock(const StepShape& shape, const at::TensorOptions& options);
  const at::Tensor& position() const { return position_; }  // [1] int64, of the next step
  StepPlace next();                                         // its place; moves to the one after it

 private:
  StepShape shape_;
  at::TensorOptions options_;
  at::Tensor position_;
  at::Tensor speeds_;     // [d / 2] double, radians per step
  at::Tensor unwritten_;  // as in StepPlace
  at::Tensor offsets_;    // [n] int64: 0, 1, ... of the window; undefined without one
};

class SelfAttentionImpl : public torch::nn::Module {
 public:
  explicit SelfAttentionImpl(const BlockConfig& config);
  at::Tensor forward(const at::Tensor& x, const RotaryTable& rotary);  // [B, T, W] -> [B, T, W]
  // x [B, 1, W] of one step; writes its key and value to the ring.
  at::Tensor step(const at::Tensor& x, const StepPlace& place, const KeyValues& ring);
  void initialise(at::Generator generator);
  const BlockConfig config;

 private:
  torch::nn::Linear qkv_{nullptr};  // [3W, W]: q, k, v in this order, each with contiguous heads
  torch::nn::Linear out_{nullptr};  // [W, W]
};
TORCH_MODULE(SelfAttention);

class CrossAttentionImpl : public torch::nn::Module {
 public:
  explicit CrossAttentionImpl(const BlockConfig& config);
  // x [B, T, W], memory [B, M, W] -> [B, T, W]; M = T unless the whole memory is attended to. The
  // rotary tables hold the positions of the steps of x and of memory.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& memory, const RotaryTable& rotary,
                     const RotaryTable& memory_rotary);
  KeyValues key_values(const at::Tensor& memory, const RotaryTable& rotary);
  at::Tensor step(const at::Tensor& x, const StepPlace& place,
                  const KeyValues& memory);  // x [B, 1, W]
  void initialise(at::Generator generator);
  const BlockConfig config;

 private:
  torch::nn::Linear q_{nullptr};    // [W, W]
  torch::nn::Linear kv_{nullptr};   // [2W, W]: k, then v
  torch::nn::Linear out_{nullptr};  // [W, W]
};
TORCH_MODULE(CrossAttention);

// The input of a block's cross-attention; none if `memory` is undefined.
struct CrossInput {
  at::Tensor memory = {};   // [B, M, W]
  at::Tensor present = {};  // [B, 1, 1] 0/1 in the weights' type, or undefined: all present
  RotaryTable rotary = {};  // the memory's positions; empty: those of x
};

// The state of one block between cached steps.
struct BlockCache {
  KeyValues self;   // ring
  KeyValues cross;  // of the memory; undefined without one
};

// x += attention(norm1(x)); x += present * cross(norm_cross(x), memory); x +=
// down(relu(up(norm2(x))))
class BlockImpl : public torch::nn::Module {
 public:
  explicit BlockImpl(const BlockConfig& config);
  at::Tensor forward(at::Tensor x, const RotaryTable& rotary, const CrossInput& content = {});
  BlockCache start(std::int64_t batch, const at::Tensor& memory, const RotaryTable& rotary);
  at::Tensor step(at::Tensor x, const StepPlace& place, const BlockCache& cache,
                  const at::Tensor& present);
  void initialise(at::Generator generator);
  const BlockConfig config;

 private:
  at::Tensor feed_forward(const at::Tensor& x);

  torch::nn::LayerNorm norm1_{nullptr};
  SelfAttention attention_{nullptr};
  torch::nn::LayerNorm norm_cross_{nullptr};  // only with cross-attention
  CrossAttention cross_{nullptr};             // only with cross-attention
  torch::nn::LayerNorm norm2_{nullptr};
  torch::nn::Linear up_{nullptr};    // [ffn, W]
  torch::nn::Linear down_{nullptr};  // [W, ffn]
};
TORCH_MODULE(Block);

}  // namespace minet::models
