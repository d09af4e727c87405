// Selects one of several ways to compute the same numbers, once per process, on first use.
#pragma once

#include <ATen/core/Tensor.h>

#include <string_view>
#include <vector>

namespace minet::models {

enum class InstructionSet { plain, avx2, avx512 };

// Those that this processor supports, the best one last.
const std::vector<InstructionSet>& available_instruction_sets();
std::string_view to_string(InstructionSet set);

struct ComputePaths {
  InstructionSet instructions = InstructionSet::plain;  // of the kernels in this folder
  bool packed_sampling = true;  // false: codes are sampled with LibTorch's operators, the reference
  bool fast_training = true;    // false: LibTorch's operators only, also on a CPU; the reference
};

// From the environment: MINET_ISA (plain, avx2 or avx512; unset: the best supported one),
// MINET_SAMPLER and MINET_TRAINING (`torch` or unset). InputError for anything else.
ComputePaths paths_from_environment();

// Those of this process, read from the environment at the first call.
const ComputePaths& compute_paths();

// Whether this processor multiplies bfloat16 matrices faster than float ones: AVX512-BF16, which
// every processor with AMX has too.
bool has_bf16_products();

// `x` in float32 if autocast computed it in bfloat16 on a CPU, else `x` itself: the kernels in this
// folder read float32.
at::Tensor in_float(const at::Tensor& x);

// Whether the kernels in this folder replace LibTorch's operators in a training step: for float on
// the CPU with gradients recorded, if compute_paths().fast_training.
bool fast_training_fits(const at::Tensor& x);

// Overrides the paths while it lives. For tests: nothing may compute while it is made or destroyed.
class OtherPaths {
 public:
  explicit OtherPaths(const ComputePaths& paths);
  ~OtherPaths();
  OtherPaths(const OtherPaths&) = delete;
  OtherPaths& operator=(const OtherPaths&) = delete;

 private:
  ComputePaths before_;
};

}  // namespace minet::models
