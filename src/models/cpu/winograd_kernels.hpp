// The transforms of a width-3 convolution by Winograd's F(4, 3) (winograd.hpp), hand-vectorised for
// several instruction sets and dispatched at run time.
//
// A tile is four frames of the output and the six of the input that they depend on. Rows are
// frames, [T, C]. Transformed data is laid out as [6, N, tiles, C / N], with six points and N
// groups, so that each point and group is one matrix. Its type, `Points`, is float or Bfloat16;
// rows and weights are float, and so is all arithmetic.
#pragma once

#include <cstdint>

namespace minet::models {

struct WinogradShape {
  std::int64_t frames = 0;    // T, of a clip
  std::int64_t channels = 0;  // C
  std::int64_t groups = 1;    // N
  std::int64_t tiles = 0;     // of all clips
  std::int64_t tiles_a_clip() const { return (frames + 3) / 4; }
};

// Tiles `first` .. `last` - 1, counted over all clips. The rows of all clips follow one another,
// [clips * T, C].
struct WinogradRange {
  WinogradShape shape;
  std::int64_t first = 0, last = 0;
};

// The upper half of a float's bits, rounded to nearest, as in at::BFloat16.
struct Bfloat16 {
  std::uint16_t bits;
};

template <class Points>
struct WinogradKernels {
  // points = B^T rows; frames before and after a clip are zero.
  void (*input)(const WinogradRange&, const float* rows, Points* points);
  // rows = A^T points + bias, + added if given, and max(0, .) if `relu`.
  void (*output)(const WinogradRange&, const Points* points, const float* bias, const float* added,
                 bool relu, float* rows);
  // Backwards: points = A rows, with rows 0 where `kept`, if given, is not above 0.
  void (*output_gradient)(const WinogradRange&, const float* rows, const float* kept,
                          Points* points);
  // rows = B points, + added if given.
  void (*input_gradient)(const WinogradRange&, const Points* points, const float* added,
                         float* rows);
  // weights [count, 3] <-> points [6, count_of_all]: G, and its transpose.
  void (*weights)(const float* weights, std::int64_t count, Points* points, std::int64_t stride);
  void (*weights_gradient)(const Points* points, std::int64_t stride, std::int64_t count,
                           float* weights);
};

// Those for the instruction set in compute_paths().
template <class Points>
const WinogradKernels<Points>& winograd_kernels();

}  // namespace minet::models
