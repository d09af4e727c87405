#include "models/training_kernels.hpp"

#include "models/step_kernels.hpp"

#if defined(__x86_64__)
#define MINET_X86 1
#endif

// Vectors wider than a register are passed to inlined functions only: their ABI does not matter.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace minet::models {
namespace plain {
#include "models/training_kernels.inl"
}

#ifdef MINET_X86
#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace avx2 {
#include "models/training_kernels.inl"
}
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f,avx2,fma")
namespace avx512 {
#include "models/training_kernels.inl"
}
#pragma GCC pop_options
#endif

#define MINET_TRAINING_KERNELS(isa) \
  { isa::attend, isa::attend_gradient, isa::drop, isa::cross_entropy, isa::gru, isa::gru_gradient }

const TrainingKernels& training_kernels() {
  static const TrainingKernels plain_ones = MINET_TRAINING_KERNELS(plain);
#ifdef MINET_X86
  static const TrainingKernels avx2_ones = MINET_TRAINING_KERNELS(avx2);
  static const TrainingKernels avx512_ones = MINET_TRAINING_KERNELS(avx512);
  const std::string_view name = step_kernels().name;
  if (name == "avx512") return avx512_ones;
  if (name == "avx2") return avx2_ones;
#endif
  return plain_ones;
}

}  // namespace minet::models
