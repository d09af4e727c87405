// A .tflite file as plain data: constants, operators and their options. Supports only what the five
// networks of pose estimation use; anything else is an InputError that names it.
// Fields and numbers: tensorflow/compiler/mlir/lite/schema/schema.fbs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace minet::vision {

enum class ElementType { float32 = 0, float16 = 1, int32 = 2 };

// All dimensions dense except the last, in which row r has the values `begin[r]` to `begin[r + 1]`
// at the columns `column`.
struct SparseRows {
  std::vector<std::int64_t> begin, column;
};

struct TfTensor {
  std::vector<std::int64_t> shape;  // as in the file: [N, H, W, C]
  ElementType type = ElementType::float32;
  std::span<const std::byte> data;     // empty: computed
  std::unique_ptr<SparseRows> sparse;  // nullptr: dense
};

enum class Builtin {
  add = 0,
  concatenation = 2,
  conv_2d = 3,
  depthwise_conv_2d = 4,
  depth_to_space = 5,
  dequantize = 6,
  fully_connected = 9,
  logistic = 14,
  max_pool_2d = 17,
  reshape = 22,
  resize_bilinear = 23,
  pad = 34,
  mean = 40,
  strided_slice = 45,
  prelu = 54,
  densify = 124,
};
const char* name_of(Builtin code);  // "CONV_2D", ...; nullptr: not one of these

enum class Activation { none = 0, relu = 1, relu6 = 3 };

struct TfOperator {
  Builtin code{};
  std::vector<int> inputs, outputs;  // tensor indices; input -1: omitted
  bool same_padding = false;
  std::int64_t stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  std::int64_t filter_h = 1, filter_w = 1;
  std::int64_t axis = 0, block = 1;
  bool keep_dims = false, align_corners = false, half_pixel = false;
  Activation activation = Activation::none;
};

struct TfGraph {
  std::string bytes;  // of the file, including the constants
  std::string where;
  std::vector<TfTensor> tensors;
  std::vector<TfOperator> operators;  // in execution order
  std::vector<int> inputs, outputs;
};

// Guarantees that every index is that of a tensor, and that constants have the size of their shape.
TfGraph parse_tflite(std::string bytes, std::string where);
TfGraph read_tflite(const std::filesystem::path& path);

std::int64_t elements_of(const std::vector<std::int64_t>& shape);

}  // namespace minet::vision
