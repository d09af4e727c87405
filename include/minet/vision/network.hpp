// A network from a .tflite file, run by LibTorch on the CPU or a GPU: the 16 operators that
// MediaPipe's networks for bodies and hands use, in float32.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace minet::vision {

class Network {
 public:
  // `outputs`: which of the file's outputs to compute, by number; empty: all. What only the others
  // need is left out. `device`: where the weights are. InputError for a file that is damaged, uses
  // other operators, or is inconsistent.
  static Network load(const std::filesystem::path& path, const std::vector<int>& outputs = {},
                      const at::Device& device = at::kCPU);
  // The same from the file's bytes; `where` names it in messages.
  static Network parse(std::string bytes, std::string where, const std::vector<int>& outputs = {},
                       const at::Device& device = at::kCPU);

  const std::vector<std::int64_t>& input_shape() const;  // [1, H, W, C]
  // `input` has the input's shape, float32, on any device. The outputs are on the CPU, where they
  // are processed further, and have the file's shapes: [N, H, W, C] if they have four dimensions.
  std::vector<at::Tensor> run(const at::Tensor& input) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

}  // namespace minet::vision
