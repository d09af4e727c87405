#pragma once

#include <ATen/ATen.h>

#include <filesystem>

#include "support/source_folder.hpp"

namespace minet::vision {

inline std::filesystem::path golden_folder() {
  return source_folder() / "tests/vision/golden";
}

// Values from -1 to 1 that look random; make_golden.py computes the same.
inline at::Tensor pattern(const std::vector<std::int64_t>& shape) {
  at::Tensor out = at::empty(shape);
  float* const values = out.data_ptr<float>();
  for (std::int64_t i = 0; i < out.numel(); ++i) {
    values[i] = static_cast<float>(i * 7919 % 1009) / 504.5F - 1.0F;
  }
  return out;
}

}  // namespace minet::vision
