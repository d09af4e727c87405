#include "models/cpu/training_kernels.hpp"

#include "models/cpu/compute_paths.hpp"

#define MINET_KERNELS "models/cpu/training_kernels.inl"
#include "models/cpu/for_each_isa.inl"

namespace minet::models {
#define MINET_TRAINING_KERNELS(isa) \
  { isa::attend, isa::attend_gradient, isa::gru, isa::gru_gradient }

const TrainingKernels& training_kernels() {
  static const TrainingKernels plain_ones = MINET_TRAINING_KERNELS(plain);
  static const TrainingKernels avx2_ones = MINET_TRAINING_KERNELS(avx2);
  static const TrainingKernels avx512_ones = MINET_TRAINING_KERNELS(avx512);
  return chosen_kernels(plain_ones, avx2_ones, avx512_ones);
}

}  // namespace minet::models
