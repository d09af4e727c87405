#include "models/cpu/winograd_kernels.hpp"

#include <type_traits>

#include "models/cpu/compute_paths.hpp"

#define MINET_KERNELS "models/cpu/winograd_kernels.inl"
#include "models/cpu/for_each_isa.inl"

namespace minet::models {
#define MINET_WINOGRAD_KERNELS(isa)                                                   \
  {                                                                                   \
    isa::input, isa::output, isa::output_gradient, isa::input_gradient, isa::weights, \
        isa::weights_gradient                                                         \
  }

const WinogradKernels& winograd_kernels() {
  static const WinogradKernels plain_ones = MINET_WINOGRAD_KERNELS(plain);
  static const WinogradKernels avx2_ones = MINET_WINOGRAD_KERNELS(avx2);
  static const WinogradKernels avx512_ones = MINET_WINOGRAD_KERNELS(avx512);
  return chosen_kernels(plain_ones, avx2_ones, avx512_ones);
}

}  // namespace minet::models
