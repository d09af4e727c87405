// The arithmetic of a training step, hand-vectorised for several instruction sets and dispatched at
// run time: attention with rotary positions and the gates of a GRU, each forward and backward. Used
// by fused_attention.cpp and fused_gru.cpp.
#pragma once

#include <cstdint>

namespace minet::models {

// One head of one clip. q, k and v have `steps` rows.
struct HeadCall {
  const float *q, *k, *v;
  std::int64_t q_stride, kv_stride;  // from row to row
  const float *cosines, *sines;      // [steps, width / 2]
  std::int64_t steps, width;
  bool causal;
  float scale;     // of the scores
  float* scratch;  // head_scratch(steps, width) floats
};

inline std::int64_t head_scratch(std::int64_t steps, std::int64_t width) {
  const std::int64_t rows = (steps + 15) / 16 * 16, columns = (width + 15) / 16 * 16;
  return rows * (9 * columns + 16) + 16;
}

struct HeadResult {
  float* out;  // in rows, like q
  std::int64_t stride;
  float* tops;    // [steps]: the largest score of each row
  float* shares;  // [steps]: 1 / (sum of exp(score - top))
};

struct HeadGradient {
  HeadResult result;  // as `attend` left it
  const float* out;   // gradient of its `out`
  std::int64_t out_stride;
  float *q, *k, *v;  // gradients, to be written
  std::int64_t q_stride, kv_stride;
};

// The gates of one GRU step, by PyTorch's formulas; `count` clips, `hidden` values per row.
struct GruCall {
  const float* input;      // [count, 3 hidden]: W_i x + b_i, gates r, z, n
  const float* recurrent;  // [count, 3 hidden]: W_h h + b_h
  const float* before;     // [count, hidden]
  float* gates;            // [count, 3 hidden]: r, z, n
  float* after;            // [count, hidden]
  std::int64_t count, hidden, after_stride;
};

struct GruGradient {
  const float* recurrent;  // as above
  const float* before;
  const float* gates;
  const float* after;   // gradient of `after`
  float* input;         // gradient of `input`
  float* recurrent_to;  // gradient of `recurrent`
  float* before_to;     // gradient of `before`, without the part through `recurrent`
  std::int64_t count, hidden;
};

struct TrainingKernels {
  void (*attend)(const HeadCall&, const HeadResult&);
  void (*attend_gradient)(const HeadCall&, const HeadGradient&);
  void (*gru)(const GruCall&);
  void (*gru_gradient)(const GruGradient&);
};

// Those for the instruction set in compute_paths().
const TrainingKernels& training_kernels();

}  // namespace minet::models
