// The arithmetic of one step of the prior, hand-vectorised for several instruction sets and
// dispatched at run time. Each weight is read once per step, and nothing is allocated. Used by
// fast_prior.cpp.
#pragma once

namespace minet::models {

inline constexpr int kPanel = 64;  // outputs side by side in packed weights

// y[r] = W x[r] + b, and max(0, .) if `relu`. `panels`: [out / 64, in, 64]; `out` a multiple of 64;
// `bias` [out] or nullptr.
struct LinearCall {
  const float* panels;
  const float* bias;
  long in, out, rows;
  const float* x;
  long x_stride;
  float* y;
  long y_stride;
  bool relu;
};

// One head of one row: softmax(q . keys * scale) . values over `count` slots.
// keys [head_width, key_stride], so that slots are contiguous; values [slots, value_stride],
// value_stride a multiple of 16; scores: room for count rounded up to 16; rows of keys may be read
// that far too. head_width is even.
struct AttendCall {
  const float* query;
  const float* keys;
  const float* values;
  long head_width, key_stride, value_stride, count;
  float scale;
  float* scores;
  float* out;
};

// weights[i] = exp((logits[i] - largest) * scale), and their sums in blocks of 64. `count` is a
// multiple of 64, with -inf where there is no code; scale >= 0.
struct WeighCall {
  const float* logits;
  long count;
  float scale;
  float* weights;
  float* sums;  // [count / 64]
};

// LayerNorm with eps 1e-5 of one row; `width` a multiple of 16.
struct NormCall {
  const float* x;
  const float* weight;
  const float* bias;
  long width;
  float* y;
};

struct StepKernels {
  void (*linear)(const LinearCall&);
  void (*attend)(const AttendCall&);
  void (*weigh)(const WeighCall&);
  void (*normalise)(const NormCall&);
};

// Those for the instruction set in compute_paths().
const StepKernels& step_kernels();

}  // namespace minet::models
