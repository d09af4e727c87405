#include "models/cpu/step_kernels.hpp"

#include "models/cpu/compute_paths.hpp"

#define MINET_KERNELS "models/cpu/step_kernels.inl"
#include "models/cpu/for_each_isa.inl"

namespace minet::models {
#define MINET_STEP_KERNELS(isa) \
  { isa::linear, isa::attend, isa::weigh, isa::normalise }

const StepKernels& step_kernels() {
  static const StepKernels plain_ones = MINET_STEP_KERNELS(plain);
  static const StepKernels avx2_ones = MINET_STEP_KERNELS(avx2);
  static const StepKernels avx512_ones = MINET_STEP_KERNELS(avx512);
  return chosen_kernels(plain_ones, avx2_ones, avx512_ones);
}

}  // namespace minet::models
