#include "models/winograd_kernels.hpp"

#include <type_traits>

#include "models/step_kernels.hpp"

#if defined(__x86_64__)
#define MINET_X86 1
#endif

// Vectors wider than a register are passed to inlined functions only: their ABI does not matter.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace minet::models {
namespace plain {
#include "models/winograd_kernels.inl"
}

#ifdef MINET_X86
#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace avx2 {
#include "models/winograd_kernels.inl"
}
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f,avx2,fma")
namespace avx512 {
#include "models/winograd_kernels.inl"
}
#pragma GCC pop_options
#endif

#define MINET_WINOGRAD_KERNELS(isa)                                                   \
  {                                                                                   \
    isa::input, isa::output, isa::output_gradient, isa::input_gradient, isa::weights, \
        isa::weights_gradient                                                         \
  }

const WinogradKernels& winograd_kernels() {
  static const WinogradKernels plain_ones = MINET_WINOGRAD_KERNELS(plain);
#ifdef MINET_X86
  static const WinogradKernels avx2_ones = MINET_WINOGRAD_KERNELS(avx2);
  static const WinogradKernels avx512_ones = MINET_WINOGRAD_KERNELS(avx512);
  const std::string_view name = step_kernels().name;
  if (name == "avx512") return avx512_ones;
  if (name == "avx2") return avx2_ones;
#endif
  return plain_ones;
}

}  // namespace minet::models
